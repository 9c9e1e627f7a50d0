"""The endpoints of the e-mail addresses of accounts."""

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.ext.asyncio import AsyncSession

from ..database.session import SessionDep, get_database
from ..openapi.responses import problems
from . import email_service
from .dependencies import ActiveUser, DetachedUser, get_hashing_pool
from .email_jobs import send_confirmation, send_password_reset
from .email_models import Purpose
from .email_schemas import (
    EmailChange,
    EmailConfirmation,
    EmailStatus,
    ForgottenPassword,
    PasswordReset,
)
from .models import User
from .rate_limits import RateLimitedRoute, count_attempt

router = APIRouter(prefix="/accounts", tags=["account_emails"], route_class=RateLimitedRoute)


@router.get("/me/email")
async def read_email(user: ActiveUser, session: SessionDep) -> EmailStatus:
    """Read the address of the account of the token."""
    is_confirmed = await session.run_sync(email_service.is_confirmed, user)
    return EmailStatus(email=user.email, is_confirmed=is_confirmed)


@router.put("/me/email", status_code=202, response_class=Response, responses=problems(429))
async def change_email(
    user: DetachedUser, body: EmailChange, session: SessionDep, request: Request
) -> None:
    """Send a token to a new address, which becomes that of the account when the token confirms it."""
    await request_change(request, session, user, body)


async def request_change(
    request: Request, session: AsyncSession, user: User, body: EmailChange
) -> None:
    """Send a token to a new address; raise WrongPassword, or an error of the limits."""
    pool = get_hashing_pool(request)
    with pool.hashing_slot():
        await count_attempt(request, "change address", str(user.id))
        await count_attempt(request, "confirm address", body.new_email)
        is_correct, _ = await run_in_threadpool(
            pool.verify, body.current_password.get_secret_value(), user.password_hash
        )
    email_service.check_password(user, is_correct)
    await send_confirmation.enqueue(session, user.id, body.new_email)


@router.post(
    "/me/email/send-confirmation", status_code=202, response_class=Response, responses=problems(429)
)
async def resend_confirmation(user: DetachedUser, session: SessionDep, request: Request) -> None:
    """Send a token that confirms the address of the account."""
    await request_confirmation(request, session, user)


async def request_confirmation(request: Request, session: AsyncSession, user: User) -> None:
    """Send a token to the address of an account; raise an error of the limits."""
    await count_attempt(request, "confirm address", user.email)
    await send_confirmation.enqueue(session, user.id, user.email)


@router.post("/confirm-email", status_code=204, response_class=Response, responses=problems(429))
async def confirm_email(body: EmailConfirmation, session: SessionDep, request: Request) -> None:
    """Confirm an address with the token that was sent to it."""
    await confirm_address(request, session, body.token.get_secret_value())


async def confirm_address(request: Request, session: AsyncSession, token: str) -> None:
    """Confirm the address of a token; raise InvalidEmailToken, or an error of the limits."""
    await count_attempt(request, "use token")
    await session.run_sync(email_service.confirm_email, token)


@router.post("/forgot-password", status_code=202, response_class=Response, responses=problems(429))
async def forgot_password(body: ForgottenPassword, session: SessionDep, request: Request) -> None:
    """Send a token that resets the password, if the address has an account; the response does not reveal it."""
    await request_reset(request, session, body)


async def request_reset(request: Request, session: AsyncSession, body: ForgottenPassword) -> None:
    """Send a token that resets the password of an address; raise an error of the limits."""
    await count_attempt(request, "forgot password", body.email)
    await send_password_reset.enqueue(session, body.email)


@router.post("/reset-password", status_code=204, response_class=Response, responses=problems(429))
async def reset_password(body: PasswordReset, session: SessionDep, request: Request) -> None:
    """Set a new password with a token, and revoke all logins of the account."""
    token, password = body.token.get_secret_value(), body.new_password.get_secret_value()
    await set_password(request, session, token, password)


async def set_password(request: Request, session: AsyncSession, token: str, password: str) -> None:
    """Set a new password with a token; raise InvalidEmailToken, WeakPassword, or an error of the limits."""
    pool = get_hashing_pool(request)
    with pool.hashing_slot():
        await count_attempt(request, "use token")
        user = await find_owner(request, token)
        new_hash = await run_in_threadpool(pool.hash, password, user.email, "new_password")
    await session.run_sync(email_service.reset_password, token, new_hash)


async def find_owner(request: Request, token: str) -> User:
    """Return the account of a token, read in a session that ends before the password is hashed."""
    async with get_database(request.app).begin("read") as session:
        return await session.run_sync(email_service.find_owner, token, Purpose.RESET)
