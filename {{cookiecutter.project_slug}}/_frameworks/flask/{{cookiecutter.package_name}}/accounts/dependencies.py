"""Who is asking: each of these needs the one before it, and is computed once for each request."""

from collections.abc import Callable
from types import NoneType
from typing import get_args, get_type_hints

from flask import Flask, current_app, g, request

from ..config import Settings
from ..database import get_session
from . import service
from .exceptions import InsufficientScope
from .limits import Limits
from .models import User
from .scopes import SCOPES, validate_scope
from .tokens import AccessTokens, Claims, bearer_token

# Tells the documentation where to log in.
SCHEME = "OAuth2PasswordBearer"
FLOW = {"password": {"scopes": SCOPES, "tokenUrl": "api/v1/accounts/token"}}
SECURITY_SCHEMES = {SCHEME: {"type": "oauth2", "flows": FLOW}}


def init_app(app: Flask, settings: Settings) -> None:
    """Give the application what makes and reads its tokens, and what counts attempts."""
    app.extensions["access_tokens"] = AccessTokens(settings)
    app.extensions["limits"] = Limits(settings)


def get_access_tokens() -> AccessTokens:
    """Return what makes and reads the tokens of the application."""
    access_tokens: AccessTokens = current_app.extensions["access_tokens"]
    return access_tokens


def parse_jwt() -> Claims:
    """Return what the token of a request says, or answer 401."""
    if "claims" not in g:
        g.claims = get_access_tokens().read(bearer_token(request.headers.getlist("Authorization")))
    claims: Claims = g.claims
    return claims


def maybe_parse_jwt() -> Claims | None:
    """Return what the token of a request says, or None where it has none."""
    return parse_jwt() if "Authorization" in request.headers else None


def current_user() -> User:
    """Return the account of the token, or answer 401."""
    if "user" not in g:
        g.user = service.current(get_session(), parse_jwt())
    user: User = g.user
    return user


def active_user() -> User:
    """Return the account of the token, unless it was disabled."""
    return service.active(current_user())


def maybe_user() -> User | None:
    """Return the account of the token, or None where there is no token."""
    return active_user() if maybe_parse_jwt() else None


def scoped(scope: str) -> Callable[[], User]:
    """Require an account that has a scope, which must be declared; respond 403 to others."""
    validate_scope(scope)

    def scoped_user() -> User:
        user = active_user()
        if scope not in user.scope.split():
            raise InsufficientScope
        return user

    return scoped_user


def describe_security(security: Callable[[], object] | None) -> list[dict[str, list[str]]] | None:
    """Tell the documentation which token is needed; what may return None instead does without."""
    if security is None:
        return None
    is_optional = NoneType in get_args(get_type_hints(security)["return"])
    return [{SCHEME: []}, *([{}] if is_optional else [])]
