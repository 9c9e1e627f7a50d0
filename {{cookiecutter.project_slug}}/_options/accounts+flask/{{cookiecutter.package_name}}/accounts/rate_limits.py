"""Apply the rate limits of accounts to requests, and add RateLimit headers to responses."""

from flask import Response, current_app, g, request

from .limits import Limits


def count_attempt(action: str, account: str | None = None) -> None:
    """Count an attempt for the client address and the account; raise LimitExceeded or LimitsUnavailable."""
    limits: Limits = current_app.extensions["limits"]
    address = request.remote_addr or "unknown"
    g._accounts_rate_limit_headers = limits.hit(action, address=address, account=account)


def add_rate_limit_headers(response: Response) -> Response:
    """Add the headers to a response or an error if an attempt was counted; for `after_request`."""
    for name, value in g.get("_accounts_rate_limit_headers", {}).items():
        response.headers.setdefault(name, value)
    return response
