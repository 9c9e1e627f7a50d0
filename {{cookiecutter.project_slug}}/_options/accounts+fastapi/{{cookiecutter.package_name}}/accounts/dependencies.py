"""Authentication: the claims of the access token, and the account that they belong to."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends, FastAPI
from fastapi.requests import HTTPConnection
from fastapi.security import OAuth2PasswordBearer

from ..config import Settings
from ..database.session import SessionDep, get_database
from ..openapi.document import OPTIONAL
from . import service
from .limits import Limits
from .models import User
from .passwords import HashingPool
from .scopes import SCOPES, validate_scope
from .tokens import AccessTokens, Claims, bearer_token

# Threads that wait for the storage of the rate limits.
LIMITS_THREADS = 10
# Each slot occupies one of the 40 threads of anyio; half of them remain for other endpoints.
HASHING_SLOTS = 20


class TokenScheme(OAuth2PasswordBearer):
    """The security scheme of the OpenAPI document; `bearer_token` reads the header and rejects a repeated one."""

    async def __call__(self, request: HTTPConnection) -> None:
        """Read nothing: the method of FastAPI accepts requests, but no WebSockets."""


TOKEN_URL, NAME = "api/v1/accounts/token", OAuth2PasswordBearer.__name__
SCHEME = TokenScheme(TOKEN_URL, scheme_name=NAME, scopes=SCOPES)
OPTIONAL_SCHEME = TokenScheme(TOKEN_URL, scheme_name=NAME + OPTIONAL, scopes=SCOPES)


def init_app(app: FastAPI, settings: Settings) -> None:
    """Add the access tokens, the rate limits and the password hashing of the application."""
    app.state.access_tokens = AccessTokens(settings)
    app.state.limits = Limits(settings)
    # Separate from anyio's default threads, so that a storage that hangs does not block other endpoints.
    app.state.limits_threads = CapacityLimiter(LIMITS_THREADS)
    app.state.hashing_pool = HashingPool(HASHING_SLOTS)


def get_hashing_pool(connection: HTTPConnection) -> HashingPool:
    """Return the threads of the application that hash passwords."""
    hashing_pool: HashingPool = connection.app.state.hashing_pool
    return hashing_pool


def get_access_tokens(connection: HTTPConnection) -> AccessTokens:
    """Return the encoder and decoder of the application's access tokens."""
    access_tokens: AccessTokens = connection.app.state.access_tokens
    return access_tokens


async def parse_jwt(
    connection: HTTPConnection, scheme: Annotated[object, Depends(SCHEME)] = None
) -> Claims:
    """Return the claims of the access token, or respond 401."""
    token = bearer_token(connection.headers.getlist("Authorization"))
    return get_access_tokens(connection).read(token)


ClaimsDep = Annotated[Claims, Depends(parse_jwt)]


async def active_user(claims: ClaimsDep, session: SessionDep) -> User:
    """Return the account of the token, or respond 401."""
    return await session.run_sync(service.current_user, claims)


ActiveUser = Annotated[User, Depends(active_user)]


async def detached_user(connection: HTTPConnection, claims: ClaimsDep) -> User:
    """Return the account of the token, read in a separate session that ends before the request's begins."""
    async with get_database(connection.app).begin("read") as session:
        return await session.run_sync(service.current_user, claims)


DetachedUser = Annotated[User, Depends(detached_user)]


async def maybe_user(
    connection: HTTPConnection,
    session: SessionDep,
    scheme: Annotated[object, Depends(OPTIONAL_SCHEME)] = None,
) -> User | None:
    """Return the account of the token, None without a token, or respond 401 to an invalid one."""
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
        return service.require_scope(user, scope)

    return scoped_user
