"""The endpoints of the e-mail addresses of accounts."""

from flask import Blueprint, current_app

from ..database.session import get_database, get_session
from ..web.operations import operation
from . import email_service
from .dependencies import active_user, detached_user, get_hashing_pool
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
from .rate_limits import add_rate_limit_headers, count_attempt

bp = Blueprint("account_emails", __name__, url_prefix="/accounts")
bp.after_request(add_rate_limit_headers)


@bp.get("/me/email")
@operation(security=active_user)
def read_email() -> EmailStatus:
    """Read the address of the account of the token."""
    user = active_user()
    is_confirmed = email_service.is_confirmed(get_session(), user)
    return EmailStatus(email=user.email, is_confirmed=is_confirmed)


@bp.put("/me/email")
@operation(status=202, problems=[429], security=detached_user)
def change_email(body: EmailChange) -> None:
    """Send a token to a new address, which becomes that of the account when the token confirms it."""
    request_change(detached_user(), body)


def request_change(user: User, body: EmailChange) -> None:
    """Send a token to a new address; raise WrongPassword, or an error of the limits."""
    pool = get_hashing_pool()
    with pool.hashing_slot():
        count_attempt("change address", str(user.id))
        count_attempt("confirm address", body.new_email)
        is_correct, _ = pool.verify(body.current_password.get_secret_value(), user.password_hash)
    email_service.check_password(user, is_correct)
    send_confirmation.enqueue(get_session(), user.id, body.new_email)


@bp.post("/me/email/send-confirmation")
@operation(status=202, problems=[429], security=detached_user)
def resend_confirmation() -> None:
    """Send a token that confirms the address of the account."""
    request_confirmation(detached_user())


def request_confirmation(user: User) -> None:
    """Send a token to the address of an account; raise an error of the limits."""
    count_attempt("confirm address", user.email)
    send_confirmation.enqueue(get_session(), user.id, user.email)


@bp.post("/confirm-email")
@operation(status=204, problems=[429])
def confirm_email(body: EmailConfirmation) -> None:
    """Confirm an address with the token that was sent to it."""
    confirm_address(body.token.get_secret_value())


def confirm_address(token: str) -> None:
    """Confirm the address of a token; raise InvalidEmailToken, or an error of the limits."""
    count_attempt("use token")
    email_service.confirm_email(get_session(), token)


@bp.post("/forgot-password")
@operation(status=202, problems=[429])
def forgot_password(body: ForgottenPassword) -> None:
    """Send a token that resets the password, if the address has an account; the response does not reveal it."""
    request_reset(body)


def request_reset(body: ForgottenPassword) -> None:
    """Send a token that resets the password of an address; raise an error of the limits."""
    count_attempt("forgot password", body.email)
    send_password_reset.enqueue(get_session(), body.email)


@bp.post("/reset-password")
@operation(status=204, problems=[429])
def reset_password(body: PasswordReset) -> None:
    """Set a new password with a token, and revoke all logins of the account."""
    set_password(body.token.get_secret_value(), body.new_password.get_secret_value())


def set_password(token: str, password: str) -> None:
    """Set a new password with a token; raise InvalidEmailToken, WeakPassword, or an error of the limits."""
    pool = get_hashing_pool()
    with pool.hashing_slot():
        count_attempt("use token")
        user = find_owner(token)
        new_hash = pool.hash(password, user.email, "new_password")
    email_service.reset_password(get_session(), token, new_hash)


def find_owner(token: str) -> User:
    """Return the account of a token, read in a session that ends before the password is hashed."""
    with get_database(current_app).begin("read") as session:
        return email_service.find_owner(session, token, Purpose.RESET)
