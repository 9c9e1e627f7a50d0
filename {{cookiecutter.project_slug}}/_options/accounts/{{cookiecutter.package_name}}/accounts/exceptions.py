"""Errors of accounts: https://www.rfc-editor.org/rfc/rfc6750#section-3.1."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..web.problems import ProblemError


class NotAuthenticated(ProblemError):
    """The request has no credentials."""

    status = 401
    detail = "No credentials were sent."
    headers = {"WWW-Authenticate": "Bearer"}


class InvalidToken(ProblemError):
    """The token is malformed, expired or revoked, or its account is disabled or deleted."""

    status = 401
    detail = "The token is invalid, expired or revoked."
    headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class InvalidTokenRequest(ProblemError):
    """The token request is incomplete: https://www.rfc-editor.org/rfc/rfc6749#section-5.2."""

    status = 400
    extensions = {"error": "invalid_request"}

    def __init__(self, errors: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        self.invalid = [{**error, "loc": ("body", *error["loc"])} for error in errors]


class UnsupportedGrantType(InvalidTokenRequest):
    """The token endpoint does not know the grant type."""

    extensions = {"error": "unsupported_grant_type"}


class InvalidGrant(ProblemError):
    """The refresh token is unknown, expired or revoked, or its account is disabled or deleted."""

    status = 400
    detail = "The refresh token is invalid, expired or revoked."
    extensions = {"error": "invalid_grant"}


class InvalidLogin(InvalidGrant):
    """The e-mail address or the password is incorrect, or the account is disabled; the detail hides which."""

    detail = "The e-mail address or the password is incorrect."


class TokenReused(InvalidGrant):
    """A refresh token was used twice, so one of its users is not its owner: the login is revoked."""

    keeps_changes = True


class WrongPassword(ProblemError):
    """The current password is incorrect."""

    status = 401
    detail = "The current password is incorrect."
    headers = {"WWW-Authenticate": "Bearer"}


class InsufficientScope(ProblemError):
    """The account lacks the required scope."""

    status = 403
    detail = "Your account lacks the required scope."
    headers = {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}


class RegistrationDisabled(ProblemError):
    """The setting REGISTRATION is false."""

    status = 403
    detail = "Registration is disabled."


class EmailTaken(ProblemError):
    """Another account has this e-mail address."""

    status = 409
    detail = "The e-mail address is already registered."


class WeakPassword(ProblemError):
    """The new password is easy to guess."""

    status = 422

    def __init__(self, field: str) -> None:
        super().__init__()
        self.invalid = ({"loc": ("body", field), "msg": "Too easy to guess; use more words"},)


class LimitExceeded(ProblemError):
    """An account or a client address has exceeded its rate limit."""

    status = 429
    detail = "Too many attempts; retry later."

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__()
        self.headers = headers


class PasswordsBusy(ProblemError):
    """All slots for password hashing are taken."""

    status = 503
    detail = "Too many concurrent logins; retry shortly."
    headers = {"Retry-After": "1"}


class LimitsUnavailable(ProblemError):
    """The storage of the rate limits is unavailable."""

    status = 503
    detail = "Rate limiting is temporarily unavailable."
    headers = {"Retry-After": "5"}
