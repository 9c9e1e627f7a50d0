"""Who is asking: each of these needs the one before it, and is computed once for each request."""

from collections.abc import Callable

from flask import Flask, current_app, request

from ..config import Settings
from ..database.session import get_database, get_session
from . import service
from .limits import Limits
from .models import User
from .scopes import SCOPES, validate_scope
from .tokens import AccessTokens, Claims, bearer_token

# Tells the documentation where to log in.
SCHEME = "OAuth2PasswordBearer"
FLOW = {"password": {"scopes": SCOPES, "tokenUrl": "api/v1/accounts/token"}}
SECURITY_SCHEMES = {SCHEME: {"type": "oauth2", "flows": FLOW}}
# The account among what a session keeps.
USER = "accounts.user"


def init_app(app: Flask, settings: Settings) -> None:
    """Give the application what makes and reads its tokens, and what counts attempts."""
    app.extensions["access_tokens"] = AccessTokens(settings)
    app.extensions["limits"] = Limits(settings)
    app.extensions["security_schemes"] = SECURITY_SCHEMES


def get_access_tokens() -> AccessTokens:
    """Return what makes and reads the tokens of the application."""
    access_tokens: AccessTokens = current_app.extensions["access_tokens"]
    return access_tokens


def parse_jwt() -> Claims:
    """Return what the token of a request says, or answer 401."""
    return get_access_tokens().read(bearer_token(request.headers.getlist("Authorization")))


def active_user() -> User:
    """Return the account of the token, or answer 401."""
    session = get_session()
    # Kept in the session that it belongs to, not in `g`: a request that is repeated has another session.
    if USER not in session.info:
        session.info[USER] = service.current(session, parse_jwt())
    user: User = session.info[USER]
    return user


def detached_user() -> User:
    """Return the account of the token, read in a session of its own, which ends before others begin."""
    with get_database(current_app).begin("read") as session:
        return service.current(session, parse_jwt())


def maybe_user() -> User | None:
    """Return the account of the token, None without a token, or answer 401 to a token that is not valid."""
    return active_user() if "Authorization" in request.headers else None


def scoped(scope: str, get_user: Callable[[], User] = active_user) -> Callable[[], User]:
    """Require an account that has a scope, which must be declared; respond 403 to others."""
    validate_scope(scope)

    def scoped_user() -> User:
        return service.permitted(get_user(), scope)

    return scoped_user
