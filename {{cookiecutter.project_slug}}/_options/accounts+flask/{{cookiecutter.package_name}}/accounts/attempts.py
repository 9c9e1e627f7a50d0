"""The attempts of a request: each is counted, and every answer tells how many are left."""

from flask import Response, current_app, g, request

from .limits import Limits


def count_attempt(action: str, account: str | None = None) -> None:
    """Count an attempt from the address of a request, or on an account; raise LimitExceeded."""
    limits: Limits = current_app.extensions["limits"]
    address = request.remote_addr or "unknown"
    g._accounts_attempts_left = limits.hit(action, address=address, account=account)


def tell_attempts_left(response: Response) -> Response:
    """Tell how many attempts are left where one was counted; for `after_request`, so in errors as well."""
    for name, value in g.get("_accounts_attempts_left", {}).items():
        response.headers.setdefault(name, value)
    return response
