"""The endpoints of accounts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.ext.asyncio import AsyncSession

from ..config import Settings
from ..database.session import SessionDep, get_database
from ..openapi.responses import problems
from ..web.dependencies import SettingsDep
from . import service
from .dependencies import ActiveUser, ClaimsDep, DetachedUser, get_access_tokens, get_hashing_pool
# {% if "recovery" in cookiecutter.__facts %}
from .email_jobs import send_confirmation
# {% endif %}
from .exceptions import RegistrationDisabled
from .models import User
from .rate_limits import RateLimitedRoute, count_attempt
from .schemas import Account, PasswordChange, Registration, TokenPair, TokenRequest, parse_email
from .tokens import Claims

router = APIRouter(prefix="/accounts", tags=["accounts"], route_class=RateLimitedRoute)


@router.post("", status_code=201, responses=problems(403, 409, 429))
async def register(
    body: Registration, settings: SettingsDep, session: SessionDep, request: Request
) -> Account:
    """Create an account, if registration is enabled."""
    return Account.model_validate(await register_user(request, settings, session, body))


async def register_user(
    request: Request, settings: Settings, session: AsyncSession, body: Registration
) -> User:
    """Create an account; raise RegistrationDisabled, WeakPassword, EmailTaken, or an error of the limits."""
    if not settings.registration:
        raise RegistrationDisabled
    pool = get_hashing_pool(request)
    with pool.hashing_slot():
        await count_attempt(request, "register", body.email)
        password = body.password.get_secret_value()
        password_hash = await run_in_threadpool(pool.hash, password, body.email)
    user = await session.run_sync(service.register, body.email, password_hash)
    # {% if "recovery" in cookiecutter.__facts %}
    await send_confirmation.enqueue(session, user.id, user.email)
    # {% endif %}
    return user


@router.get("/me")
async def read_account(user: ActiveUser) -> Account:
    """Read the account of the token."""
    return Account.model_validate(user)


@router.put("/me/password", status_code=204, response_class=Response, responses=problems(429))
async def change_password(
    user: DetachedUser,
    claims: ClaimsDep,
    body: PasswordChange,
    session: SessionDep,
    request: Request,
) -> None:
    """Change the password, and revoke all other logins of the account."""
    await replace_password(request, session, user, claims, body)


async def replace_password(
    request: Request, session: AsyncSession, user: User, claims: Claims, body: PasswordChange
) -> None:
    """Change the password of an account, which was read in another session, and revoke its other logins."""
    pool = get_hashing_pool(request)
    current, new = body.current_password.get_secret_value(), body.new_password.get_secret_value()
    with pool.hashing_slot():
        await count_attempt(request, "change password", str(user.id))
        is_correct, _ = await run_in_threadpool(pool.verify, current, user.password_hash)
        new_hash = await run_in_threadpool(pool.hash, new, user.email, "new_password")
    await session.run_sync(service.change_password, claims, user, is_correct, new_hash)


@router.post("/token", responses=problems(400, 429))
async def make_tokens(
    form: Annotated[TokenRequest, Form()],
    settings: SettingsDep,
    session: SessionDep,
    request: Request,
) -> TokenPair:
    """Issue tokens for a password, or for a refresh token, which can be used once."""
    if form.grant_type == "refresh_token":
        await count_attempt(request, "refresh")
        # Count before the transaction begins: the storage of the limits must not prolong it.
        if owner := await find_owner(request, form.refresh_token or ""):
            await count_attempt(request, "renew", str(owner))
        claims, refresh_token = await session.run_sync(service.refresh, form.refresh_token or "")
    else:
        password = form.password.get_secret_value() if form.password else ""
        claims, refresh_token = await log_in(
            request, settings, session, form.username or "", password
        )
    access_tokens = get_access_tokens(request)
    return TokenPair(
        access_token=access_tokens.make(claims),
        expires_in=access_tokens.lifetime,
        refresh_token=refresh_token,
    )


async def log_in(
    request: Request, settings: Settings, session: AsyncSession, username: str, password: str
) -> tuple[Claims, str]:
    """Log in with a password, and return the first tokens; raise InvalidLogin, or an error of the limits."""
    pool = get_hashing_pool(request)
    with pool.hashing_slot():
        await count_attempt(request, "log in", parse_email(username) or username)
        user = await find_user(request, username)
        password_hash = user.password_hash if user else None
        is_correct, new_hash = await run_in_threadpool(pool.verify, password, password_hash)
    lifetime = settings.refresh_token_lifetime
    return await session.run_sync(service.log_in, user, is_correct, new_hash, lifetime)


@router.post("/logout", status_code=204, response_class=Response)
async def log_out(user: ActiveUser, claims: ClaimsDep, session: SessionDep) -> None:
    """Revoke the login of the token."""
    await session.run_sync(service.log_out, claims)


@router.post("/logout-everywhere", status_code=204, response_class=Response)
async def log_out_everywhere(user: ActiveUser, claims: ClaimsDep, session: SessionDep) -> None:
    """Revoke all logins of the account of the token."""
    await session.run_sync(service.log_out_everywhere, claims)


async def find_user(request: Request, username: str) -> User | None:
    """Return the account of an e-mail address, read in a session that ends before the password is verified."""
    address = parse_email(username)
    if address is None:
        return None
    async with get_database(request.app).begin("read") as session:
        return await session.run_sync(service.find, address)


async def find_owner(request: Request, refresh_token: str) -> UUID | None:
    """Return the id of the account that an unused refresh token belongs to, or None."""
    async with get_database(request.app).begin("read") as session:
        return await session.run_sync(service.find_token_owner, refresh_token)
