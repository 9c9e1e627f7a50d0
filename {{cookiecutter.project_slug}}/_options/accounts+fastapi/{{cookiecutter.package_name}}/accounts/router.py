"""The endpoints of accounts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.concurrency import run_in_threadpool

from ..database.session import SessionDep, get_database
from ..web.dependencies import SettingsDep
from . import passwords, service
from .attempts import CountedRoute, count_attempt
from .dependencies import ActiveUser, ClaimsDep, DetachedUser, get_access_tokens
from .exceptions import RegistrationClosed
from .models import User
from .schemas import Account, PasswordChange, Registration, TokenPair, TokenRequest, address_of

router = APIRouter(prefix="/accounts", tags=["accounts"], route_class=CountedRoute)


@router.post("", status_code=201)
async def register(
    body: Registration, settings: SettingsDep, session: SessionDep, request: Request
) -> Account:
    """Make an account, where the settings let people do that."""
    if not settings.registration:
        raise RegistrationClosed
    with passwords.place():
        await count_attempt(request, "register", body.email)
        password = body.password.get_secret_value()
        password_hash = await run_in_threadpool(passwords.hash_of, password, body.email)
    user = await session.run_sync(service.register, body.email, password_hash)
    return Account.model_validate(user)


@router.get("/me")
async def read_account(user: ActiveUser) -> Account:
    """Read the account of the token."""
    return Account.model_validate(user)


@router.put("/me/password", status_code=204, response_class=Response)
async def change_password(
    user: DetachedUser,
    claims: ClaimsDep,
    body: PasswordChange,
    session: SessionDep,
    request: Request,
) -> None:
    """Change the password; all other logins of the account are over."""
    current, new = body.current_password.get_secret_value(), body.new_password.get_secret_value()
    with passwords.place():
        await count_attempt(request, "change password", str(user.id))
        is_right, _ = await run_in_threadpool(passwords.verify, current, user.password_hash)
        new_hash = await run_in_threadpool(passwords.hash_of, new, user.email, "new_password")
    await session.run_sync(service.change_password, claims, user, is_right, new_hash)


@router.post("/token")
async def make_tokens(
    form: Annotated[TokenRequest, Form()],
    settings: SettingsDep,
    session: SessionDep,
    request: Request,
) -> TokenPair:
    """Log in with a password, or stay logged in with a refresh token, which is valid once."""
    if form.grant_type == "refresh_token":
        await count_attempt(request, "refresh")
        # Counted before the transaction begins, in which nothing is waited for but the database.
        if owner := await find_owner(request, form.refresh_token or ""):
            await count_attempt(request, "renew", str(owner))
        claims, refresh_token = await session.run_sync(service.refresh, form.refresh_token or "")
    else:
        username, password = form.username or "", form.password
        with passwords.place():
            await count_attempt(request, "log in", address_of(username) or username)
            user = await find_user(request, username)
            is_right, new_hash = await run_in_threadpool(
                passwords.verify,
                password.get_secret_value() if password else "",
                user.password_hash if user else None,
            )
        claims, refresh_token = await session.run_sync(
            service.log_in, user, is_right, new_hash, settings.refresh_token_lifetime
        )
    access_tokens = get_access_tokens(request)
    return TokenPair(
        access_token=access_tokens.make(claims),
        expires_in=access_tokens.lifetime,
        refresh_token=refresh_token,
    )


@router.post("/logout", status_code=204, response_class=Response)
async def log_out(user: ActiveUser, claims: ClaimsDep, session: SessionDep) -> None:
    """End the login of the token."""
    await session.run_sync(service.log_out, claims)


@router.post("/logout-everywhere", status_code=204, response_class=Response)
async def log_out_everywhere(user: ActiveUser, claims: ClaimsDep, session: SessionDep) -> None:
    """End all logins of the account of the token."""
    await session.run_sync(service.log_out_everywhere, claims)


async def find_user(request: Request, username: str) -> User | None:
    """Return the account of an address; no connection waits for what is done with it."""
    address = address_of(username)
    if address is None:
        return None
    async with get_database(request.app).begin("read") as session:
        return await session.run_sync(service.find, address)


async def find_owner(request: Request, refresh_token: str) -> UUID | None:
    """Return the id of the account whose login a refresh token renews."""
    async with get_database(request.app).begin("read") as session:
        return await session.run_sync(service.owner_of, refresh_token)
