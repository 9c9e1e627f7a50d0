"""Who is asking: each of these needs the one before it, and is computed once for each request."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends, FastAPI
from fastapi.requests import HTTPConnection
from fastapi.security import OAuth2PasswordBearer

from ..config import Settings
from ..database.session import SessionDep, get_database
from . import service
from .limits import Limits
from .models import User
from .scopes import SCOPES, validate_scope
from .tokens import AccessTokens, Claims, bearer_token


class TokenScheme(OAuth2PasswordBearer):
    """Tells the documentation where to log in; the header is read below, where it may not be there twice."""

    async def __call__(self, request: HTTPConnection) -> None:
        """Read nothing, which FastAPI's own does for requests alone."""


SCHEME = TokenScheme(
    "api/v1/accounts/token", scheme_name=OAuth2PasswordBearer.__name__, scopes=SCOPES
)


def init_app(app: FastAPI, settings: Settings) -> None:
    """Give the application what makes and reads its tokens, and what counts attempts."""
    app.state.access_tokens = AccessTokens(settings)
    app.state.limits = Limits(settings)
    # Its own threads: while a storage of limits hangs, those that are waited for elsewhere are free.
    app.state.limits_threads = CapacityLimiter(10)


def get_access_tokens(connection: HTTPConnection) -> AccessTokens:
    """Return what makes and reads the tokens of the application."""
    access_tokens: AccessTokens = connection.app.state.access_tokens
    return access_tokens


async def parse_jwt(
    connection: HTTPConnection, scheme: Annotated[object, Depends(SCHEME)] = None
) -> Claims:
    """Return what the token of a request says, or answer 401."""
    token = bearer_token(connection.headers.getlist("Authorization"))
    return get_access_tokens(connection).read(token)


ClaimsDep = Annotated[Claims, Depends(parse_jwt)]


async def active_user(claims: ClaimsDep, session: SessionDep) -> User:
    """Return the account of the token, or answer 401."""
    return await session.run_sync(service.current, claims)


ActiveUser = Annotated[User, Depends(active_user)]


async def detached_user(connection: HTTPConnection, claims: ClaimsDep) -> User:
    """Return the account of the token, read in a session of its own, which ends before others begin."""
    async with get_database(connection.app).begin("read") as session:
        return await session.run_sync(service.current, claims)


DetachedUser = Annotated[User, Depends(detached_user)]


async def maybe_user(connection: HTTPConnection, session: SessionDep) -> User | None:
    """Return the account of the token, None without a token, or answer 401 to a token that is not valid."""
    if "Authorization" not in connection.headers:
        return None
    return await active_user(await parse_jwt(connection), session)


MaybeUser = Annotated[User | None, Depends(maybe_user)]


def scoped(
    scope: str, get_user: Callable[..., Awaitable[User]] = active_user
) -> Callable[[User], Awaitable[User]]:
    """Require an account that has a scope, which must be declared; respond 403 to others."""
    validate_scope(scope)

    async def scoped_user(user: Annotated[User, Depends(get_user)]) -> User:
        return service.permitted(user, scope)

    return scoped_user
