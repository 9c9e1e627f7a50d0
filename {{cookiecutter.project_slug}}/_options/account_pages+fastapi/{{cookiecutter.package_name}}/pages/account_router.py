"""The pages of accounts."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from ..accounts import service
from ..accounts.exceptions import (
    EmailTaken,
    InvalidLogin,
    RegistrationDisabled,
    WeakPassword,
    WrongPassword,
)
from ..accounts.models import User
from ..accounts.router import log_in, register_user, replace_password
from ..database.session import SessionDep, get_database
from ..web.dependencies import SettingsDep
from . import logins
from .account_forms import login_form, password_form, registration_form
from .form_pages import TypedValues, render_form
from .redirects import is_local
from .rendering import flash, path_for, render
from .sessions import RequiredUser, SessionClaims, end_session, session_claims, start_session

router = APIRouter()


@router.get("/register", name="pages.accounts.registration_page")
async def registration_page(request: Request, settings: SettingsDep) -> HTMLResponse:
    """Return the form of a new account, if registration is enabled."""
    if not settings.registration:
        raise RegistrationDisabled
    return render_form(request, registration_form({}))


@router.post("/register")
async def register(
    request: Request, settings: SettingsDep, values: TypedValues, session: SessionDep
) -> RedirectResponse:
    """Create an account."""
    if not settings.registration:
        raise RegistrationDisabled
    form = registration_form(values)
    body = form.validate()
    with form.error_at("password", WeakPassword), form.error_at("email", EmailTaken):
        await register_user(request, settings, session, body)
    flash(request, "Your account was created. You can log in now.")
    return redirect_to(request, "pages.accounts.login_page")


@router.get("/login", name="pages.accounts.login_page")
async def login_page(request: Request, settings: SettingsDep) -> HTMLResponse:
    """Return the form that logs in."""
    return render_form(request, login_form({}, has_registration=settings.registration))


@router.post("/login")
async def start_login(
    request: Request, settings: SettingsDep, values: TypedValues, session: SessionDep
) -> RedirectResponse:
    """Log in, and continue with the page that required it."""
    form = login_form(values, has_registration=settings.registration)
    credentials = form.validate()
    password = credentials.password.get_secret_value()
    with form.error_at("password", InvalidLogin):
        claims, _ = await log_in(request, settings, session, credentials.email, password)
    start_session(request, claims)
    following = request.query_params.get("next", "")
    if is_local(following):
        return RedirectResponse(following, 303)
    return redirect_to(request, "pages.home")


@router.post("/logout", name="pages.accounts.log_out")
async def log_out(
    request: Request, user: RequiredUser, claims: SessionClaims, session: SessionDep
) -> RedirectResponse:
    """Revoke the login of the session."""
    await session.run_sync(service.log_out, claims)
    return see_home(request, "You are logged out.")


@router.get("/account", name="pages.accounts.read_account")
async def read_account(
    request: Request, user: RequiredUser, claims: SessionClaims, session: SessionDep
) -> HTMLResponse:
    """Show the account and its logins."""
    found = await session.run_sync(logins.list_logins, user.id)
    template, own = "accounts/account.html", claims.login_id
    return render(request, template, user=user, logins=found, own_login_id=own)


@router.post("/account/logins/{login_id:uuid}/end", name="pages.accounts.end_login")
async def end_login(
    request: Request, login_id: UUID, user: RequiredUser, session: SessionDep
) -> RedirectResponse:
    """Revoke a login of the account."""
    await session.run_sync(logins.end_login, user.id, login_id)
    flash(request, "The login has ended.")
    return redirect_to(request, "pages.accounts.read_account")


@router.post("/account/logins/end", name="pages.accounts.log_out_everywhere")
async def log_out_everywhere(
    request: Request, user: RequiredUser, claims: SessionClaims, session: SessionDep
) -> RedirectResponse:
    """Revoke all logins of the account."""
    await session.run_sync(service.log_out_everywhere, claims)
    return see_home(request, "You are logged out everywhere.")


@router.get("/account/password", name="pages.accounts.password_page")
async def password_page(request: Request, user: RequiredUser) -> HTMLResponse:
    """Return the form of a new password."""
    return render_form(request, password_form({}, user.email))


@router.post("/account/password")
async def change_password(
    request: Request, claims: SessionClaims, values: TypedValues, session: SessionDep
) -> RedirectResponse:
    """Change the password, and revoke all other logins of the account."""
    user = await detached_user(request)
    form = password_form(values, user.email)
    body = form.validate()
    with (
        form.error_at("current_password", WrongPassword),
        form.error_at("new_password", WeakPassword),
    ):
        await replace_password(request, session, user, claims, body)
    flash(request, "The password was changed, and all other logins have ended.")
    return redirect_to(request, "pages.accounts.read_account")


async def detached_user(request: Request) -> User:
    """Return the account, read in a separate session that ends before the request's begins."""
    claims = session_claims(request)
    async with get_database(request.app).begin("read") as session:
        if user := await session.run_sync(logins.find_user, claims):
            return user
    raise logins.LoginRequired


def see_home(request: Request, message: str) -> RedirectResponse:
    """End the session, and redirect to the home page with a message."""
    end_session(request)
    flash(request, message)
    return redirect_to(request, "pages.home")


def redirect_to(request: Request, name: str) -> RedirectResponse:
    """Redirect to a page."""
    return RedirectResponse(path_for(request, name), 303)
