"""The pages of the e-mail addresses of accounts, and of forgotten passwords."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from ..accounts import email_service
from ..accounts.email_schemas import MAX_TOKEN
from ..accounts.email_views import (
    confirm_address,
    find_owner,
    request_change,
    request_confirmation,
    request_reset,
    set_password,
)
from ..accounts.exceptions import WeakPassword, WrongPassword
from ..database.session import get_session
from .account_views import detached_user
from .email_forms import (
    CONFIRMATION,
    RESET,
    check_account,
    email_form,
    forgotten_form,
    reset_form,
)
from .form_pages import render_form
from .sessions import login_required, require_user

bp = Blueprint("emails", __name__)


@bp.get("/account/email")
def read_email() -> str:
    """Show the address of the account, and whether it is confirmed."""
    user = require_user()
    is_confirmed = email_service.is_confirmed(get_session(), user)
    return render_template("accounts/email.html", user=user, is_confirmed=is_confirmed)


@bp.post("/account/email/confirmation")
def send_confirmation() -> ResponseReturnValue:
    """Send a link that confirms the address of the account."""
    request_confirmation(detached_user())
    flash("A link was sent to your address.")
    return redirect(url_for(".read_email"), 303)


@bp.get("/account/email/change")
@login_required
def email_page() -> ResponseReturnValue:
    """Return the form of another address."""
    return render_form(email_form({}, require_user().email))


@bp.post("/account/email/change")
def change_email() -> ResponseReturnValue:
    """Send a link to a new address."""
    user = detached_user()
    form = email_form(request.form, user.email)
    body = form.validate()
    with form.error_at("current_password", WrongPassword):
        request_change(user, body)
    flash("A link was sent to the new address.")
    return redirect(url_for(".read_email"), 303)


@bp.get("/confirm-email")
def confirmation_page() -> ResponseReturnValue:
    """Return a button that confirms an address: programs that follow the links in a message confirm none."""
    if token := request.args.get("token"):
        return keep_token(CONFIRMATION, token, ".confirmation_page")
    return render_template("accounts/confirm_email.html")


@bp.post("/confirm-email")
def confirm_email() -> ResponseReturnValue:
    """Confirm the address of a link."""
    confirm_address(session.get(CONFIRMATION, ""))
    del session[CONFIRMATION]
    flash("Your e-mail address is confirmed.")
    return redirect(url_for("pages.home"), 303)


@bp.get("/forgot-password")
def forgotten_page() -> ResponseReturnValue:
    """Return the form that asks for a link."""
    return render_form(forgotten_form({}))


@bp.post("/forgot-password")
def forgot_password() -> ResponseReturnValue:
    """Send a link that resets the password, if the address has an account; the page does not reveal it."""
    request_reset(forgotten_form(request.form).validate())
    flash("If this is the address of an account, a link was sent to it.")
    return redirect(url_for("pages.accounts.login_page"), 303)


@bp.get("/reset-password")
def reset_page() -> ResponseReturnValue:
    """Return the form of a new password, if the link is valid."""
    if token := request.args.get("token"):
        return keep_token(RESET, token, ".reset_page")
    return render_form(reset_form({}, find_owner(session.get(RESET, "")).email))


@bp.post("/reset-password")
def reset_password() -> ResponseReturnValue:
    """Set a new password, and revoke all logins of the account."""
    token = session.get(RESET, "")
    email = find_owner(token).email
    check_account(request.form, email)
    form = reset_form(request.form, email)
    password = form.validate().new_password.get_secret_value()
    with form.error_at("new_password", WeakPassword):
        set_password(token, password)
    session.clear()
    flash("Your password was changed. You can log in now.")
    return redirect(url_for("pages.accounts.login_page"), 303)


def keep_token(key: str, token: str, endpoint: str) -> ResponseReturnValue:
    """Keep the token of a link in the session, and redirect to a URL without it."""
    # The session is a cookie, which has no room for a longer one.
    if len(token) > MAX_TOKEN:
        raise email_service.InvalidEmailToken
    session[key] = token
    return redirect(url_for(endpoint), 303)
