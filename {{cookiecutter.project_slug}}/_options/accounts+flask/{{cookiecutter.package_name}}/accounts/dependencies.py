"""Authentication: the claims of the access token, and the account that they belong to."""

from collections.abc import Callable

from flask import Flask, current_app, request

from ..config import Settings
from ..database.session import get_database, get_session
from . import service
from .limits import Limits
from .models import User
from .passwords import HashingPool
from .scopes import SCOPES, validate_scope
from .tokens import AccessTokens, Claims, bearer_token

# The security scheme of the OpenAPI document.
SCHEME = "OAuth2PasswordBearer"
FLOW = {"password": {"scopes": SCOPES, "tokenUrl": "api/v1/accounts/token"}}
SECURITY_SCHEMES = {SCHEME: {"type": "oauth2", "flows": FLOW}}
# The key of the account in `session.info`.
USER = "accounts.user"


def init_app(app: Flask, settings: Settings) -> None:
    """Add the access tokens, the rate limits and the password hashing of the application."""
    app.extensions["access_tokens"] = AccessTokens(settings)
    app.extensions["limits"] = Limits(settings)
    # Each slot occupies one of the server's threads; more than half of them remain for other endpoints.
    app.extensions["hashing_pool"] = HashingPool(settings.threads // 2 - 1)
    app.extensions["security_schemes"] = SECURITY_SCHEMES


def get_hashing_pool() -> HashingPool:
    """Return the threads of the application that hash passwords."""
    hashing_pool: HashingPool = current_app.extensions["hashing_pool"]
    return hashing_pool


def get_access_tokens() -> AccessTokens:
    """Return the encoder and decoder of the application's access tokens."""
    access_tokens: AccessTokens = current_app.extensions["access_tokens"]
    return access_tokens


def parse_jwt() -> Claims:
    """Return the claims of the access token, or respond 401."""
    return get_access_tokens().read(bearer_token(request.headers.getlist("Authorization")))


def active_user() -> User:
    """Return the account of the token, or respond 401."""
    session = get_session()
    # Cached in `session.info`, not in `g`: the account must not outlive the session that loaded it.
    if USER not in session.info:
        session.info[USER] = service.current_user(session, parse_jwt())
    user: User = session.info[USER]
    return user


def detached_user() -> User:
    """Return the account of the token, read in a separate session that ends before the request's begins."""
    with get_database(current_app).begin("read") as session:
        return service.current_user(session, parse_jwt())


def maybe_user() -> User | None:
    """Return the account of the token, None without a token, or respond 401 to an invalid one."""
    return active_user() if "Authorization" in request.headers else None


def scoped(scope: str, get_user: Callable[[], User] = active_user) -> Callable[[], User]:
    """Require an account that has a scope, which must be declared; respond 403 to others."""
    validate_scope(scope)

    def scoped_user() -> User:
        return service.require_scope(get_user(), scope)

    return scoped_user
