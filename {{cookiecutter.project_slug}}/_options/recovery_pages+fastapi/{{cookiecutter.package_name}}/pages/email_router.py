"""The pages of the e-mail addresses of accounts, and of forgotten passwords."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from ..accounts import email_service
from ..accounts.email_router import (
    confirm_address,
    find_owner,
    request_change,
    request_confirmation,
    request_reset,
    set_password,
)
from ..accounts.email_schemas import MAX_TOKEN
from ..accounts.exceptions import WeakPassword, WrongPassword
from ..database.session import SessionDep
from .account_router import detached_user, redirect_to
from .email_forms import (
    CONFIRMATION,
    RESET,
    check_account,
    email_form,
    forgotten_form,
    reset_form,
)
from .form_pages import TypedValues, render_form
from .rendering import flash, render
from .sessions import RequiredUser

router = APIRouter()


@router.get("/account/email", name="pages.emails.read_email")
async def read_email(request: Request, user: RequiredUser, session: SessionDep) -> HTMLResponse:
    """Show the address of the account, and whether it is confirmed."""
    is_confirmed = await session.run_sync(email_service.is_confirmed, user)
    return render(request, "accounts/email.html", user=user, is_confirmed=is_confirmed)


@router.post("/account/email/confirmation", name="pages.emails.send_confirmation")
async def send_confirmation(request: Request, session: SessionDep) -> RedirectResponse:
    """Send a link that confirms the address of the account."""
    await request_confirmation(request, session, await detached_user(request))
    flash(request, "A link was sent to your address.")
    return redirect_to(request, "pages.emails.read_email")


@router.get("/account/email/change", name="pages.emails.email_page")
async def email_page(request: Request, user: RequiredUser) -> HTMLResponse:
    """Return the form of another address."""
    return render_form(request, email_form({}, user.email))


@router.post("/account/email/change")
async def change_email(
    request: Request, values: TypedValues, session: SessionDep
) -> RedirectResponse:
    """Send a link to a new address."""
    user = await detached_user(request)
    form = email_form(values, user.email)
    body = form.validate()
    with form.error_at("current_password", WrongPassword):
        await request_change(request, session, user, body)
    flash(request, "A link was sent to the new address.")
    return redirect_to(request, "pages.emails.read_email")


@router.get("/confirm-email", name="pages.emails.confirmation_page")
async def confirmation_page(request: Request, token: str = "") -> Response:
    """Return a button that confirms an address: programs that follow the links in a message confirm none."""
    if token:
        return keep_token(request, CONFIRMATION, token, "pages.emails.confirmation_page")
    return render(request, "accounts/confirm_email.html")


@router.post("/confirm-email")
async def confirm_email(request: Request, session: SessionDep) -> RedirectResponse:
    """Confirm the address of a link."""
    await confirm_address(request, session, request.session.get(CONFIRMATION, ""))
    del request.session[CONFIRMATION]
    flash(request, "Your e-mail address is confirmed.")
    return redirect_to(request, "pages.home")


@router.get("/forgot-password", name="pages.emails.forgotten_page")
async def forgotten_page(request: Request) -> HTMLResponse:
    """Return the form that asks for a link."""
    return render_form(request, forgotten_form({}))


@router.post("/forgot-password")
async def forgot_password(
    request: Request, values: TypedValues, session: SessionDep
) -> RedirectResponse:
    """Send a link that resets the password, if the address has an account; the page does not reveal it."""
    await request_reset(request, session, forgotten_form(values).validate())
    flash(request, "If this is the address of an account, a link was sent to it.")
    return redirect_to(request, "pages.accounts.login_page")


@router.get("/reset-password", name="pages.emails.reset_page")
async def reset_page(request: Request, token: str = "") -> Response:
    """Return the form of a new password, if the link is valid."""
    if token:
        return keep_token(request, RESET, token, "pages.emails.reset_page")
    user = await find_owner(request, request.session.get(RESET, ""))
    return render_form(request, reset_form({}, user.email))


@router.post("/reset-password")
async def reset_password(
    request: Request, values: TypedValues, session: SessionDep
) -> RedirectResponse:
    """Set a new password, and revoke all logins of the account."""
    token = request.session.get(RESET, "")
    user = await find_owner(request, token)
    check_account(values, user.email)
    form = reset_form(values, user.email)
    password = form.validate().new_password.get_secret_value()
    with form.error_at("new_password", WeakPassword):
        await set_password(request, session, token, password)
    request.session.clear()
    flash(request, "Your password was changed. You can log in now.")
    return redirect_to(request, "pages.accounts.login_page")


def keep_token(request: Request, key: str, token: str, name: str) -> RedirectResponse:
    """Keep the token of a link in the session, and redirect to a URL without it."""
    # The session is a cookie, which has no room for a longer one.
    if len(token) > MAX_TOKEN:
        raise email_service.InvalidEmailToken
    request.session[key] = token
    return redirect_to(request, name)
