"""Errors of accounts: https://www.rfc-editor.org/rfc/rfc6750#section-3.1."""

from collections.abc import Mapping

from ..web.problems import ProblemError


class NotAuthenticated(ProblemError):
    """Nobody has said who they are."""

    status = 401
    detail = "Log in first."
    headers = {"WWW-Authenticate": "Bearer"}


class InvalidToken(ProblemError):
    """A token that was not made here, is over, or was taken back; or its owner is gone."""

    status = 401
    detail = "The token is not valid."
    headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class TokenReused(InvalidToken):
    """A refresh token was used twice: one of the two was not its owner, so its login is over."""

    keeps_changes = True


class InvalidCredentials(ProblemError):
    """The address or the password is wrong, or the account is disabled; which, nobody is told."""

    status = 401
    detail = "The address or the password is wrong."
    headers = {"WWW-Authenticate": "Bearer"}


class InsufficientScope(ProblemError):
    """The account may not do this."""

    status = 403
    detail = "Your account may not do this."
    headers = {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}


class RegistrationClosed(ProblemError):
    """Accounts are made by operators alone."""

    status = 403
    detail = "Nobody can register here."


class EmailTaken(ProblemError):
    """Another account has this address."""

    status = 409
    detail = "The address is taken."


class WeakPassword(ProblemError):
    """The new password is easy to guess."""

    status = 422

    def __init__(self, field: str) -> None:
        super().__init__()
        self.invalid = ({"loc": ("body", field), "msg": "Too easy to guess; use more words"},)


class LimitExceeded(ProblemError):
    """Too many attempts, of one account or from one address."""

    status = 429
    detail = "Too many attempts; try again later."

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__()
        self.headers = headers


class PasswordsBusy(ProblemError):
    """More passwords than may wait were sent at once."""

    status = 503
    detail = "Too many people log in just now; try again in a moment."
    headers = {"Retry-After": "1"}


class LimitsUnavailable(ProblemError):
    """Nobody knows how often somebody has tried: the storage of that is down."""

    status = 503
    detail = "Attempts cannot be counted."
    headers = {"Retry-After": "5"}
