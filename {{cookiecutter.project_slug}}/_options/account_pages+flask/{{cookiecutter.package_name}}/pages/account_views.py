"""The pages of accounts."""

from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..accounts import service
from ..accounts.exceptions import (
    EmailTaken,
    InvalidLogin,
    RegistrationDisabled,
    WeakPassword,
    WrongPassword,
)
from ..accounts.models import User
from ..accounts.views import log_in, register_user, replace_password
from ..database.session import get_database, get_session
from ..web.dependencies import get_settings
from . import logins
from .account_forms import login_form, password_form, registration_form
from .form_pages import render_form
from .redirects import is_local
from .sessions import end_session, login_required, require_user, session_claims, start_session

bp = Blueprint("accounts", __name__)


@bp.get("/register")
def registration_page() -> ResponseReturnValue:
    """Return the form of a new account, if registration is enabled."""
    if not get_settings().registration:
        raise RegistrationDisabled
    return render_form(registration_form({}))


@bp.post("/register")
def register() -> ResponseReturnValue:
    """Create an account."""
    if not get_settings().registration:
        raise RegistrationDisabled
    form = registration_form(request.form)
    body = form.validate()
    with form.error_at("password", WeakPassword), form.error_at("email", EmailTaken):
        register_user(body)
    flash("Your account was created. You can log in now.")
    return redirect(url_for(".login_page"), 303)


@bp.get("/login")
def login_page() -> ResponseReturnValue:
    """Return the form that logs in."""
    return render_form(login_form({}, has_registration=get_settings().registration))


@bp.post("/login")
def start_login() -> ResponseReturnValue:
    """Log in, and continue with the page that required it."""
    form = login_form(request.form, has_registration=get_settings().registration)
    credentials = form.validate()
    with form.error_at("password", InvalidLogin):
        claims, _ = log_in(credentials.email, credentials.password.get_secret_value())
    start_session(claims)
    following = request.args.get("next", "")
    return redirect(following if is_local(following) else url_for("pages.home"), 303)


@bp.post("/logout")
@login_required
def log_out() -> ResponseReturnValue:
    """Revoke the login of the session."""
    service.log_out(get_session(), session_claims())
    return see_home("You are logged out.")


@bp.get("/account")
def read_account() -> str:
    """Show the account and its logins."""
    user = require_user()
    found = logins.list_logins(get_session(), user.id)
    own = session_claims().login_id
    return render_template("accounts/account.html", user=user, logins=found, own_login_id=own)


@bp.post("/account/logins/<uuid:login_id>/end")
def end_login(login_id: UUID) -> ResponseReturnValue:
    """Revoke a login of the account."""
    logins.end_login(get_session(), require_user().id, login_id)
    flash("The login has ended.")
    return redirect(url_for(".read_account"), 303)


@bp.post("/account/logins/end")
@login_required
def log_out_everywhere() -> ResponseReturnValue:
    """Revoke all logins of the account."""
    service.log_out_everywhere(get_session(), session_claims())
    return see_home("You are logged out everywhere.")


@bp.get("/account/password")
@login_required
def password_page() -> ResponseReturnValue:
    """Return the form of a new password."""
    return render_form(password_form({}, require_user().email))


@bp.post("/account/password")
def change_password() -> ResponseReturnValue:
    """Change the password, and revoke all other logins of the account."""
    user = detached_user()
    form = password_form(request.form, user.email)
    body = form.validate()
    with (
        form.error_at("current_password", WrongPassword),
        form.error_at("new_password", WeakPassword),
    ):
        replace_password(user, session_claims(), body)
    flash("The password was changed, and all other logins have ended.")
    return redirect(url_for(".read_account"), 303)


def detached_user() -> User:
    """Return the account, read in a separate session that ends before the request's begins."""
    with get_database(current_app).begin("read") as session:
        if user := logins.find_user(session, session_claims()):
            return user
    raise logins.LoginRequired


def see_home(message: str) -> ResponseReturnValue:
    """End the session, and redirect to the home page with a message."""
    end_session()
    flash(message)
    return redirect(url_for("pages.home"), 303)
