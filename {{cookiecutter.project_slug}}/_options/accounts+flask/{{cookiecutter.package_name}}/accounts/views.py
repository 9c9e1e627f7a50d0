"""The endpoints of accounts."""

from uuid import UUID

from flask import Blueprint, current_app

from ..database.session import get_database, get_session
from ..web.dependencies import get_settings
from ..web.operations import operation
from . import passwords, service
from .attempts import count_attempt, tell_attempts_left
from .dependencies import active_user, detached_user, get_access_tokens, parse_jwt
from .exceptions import RegistrationClosed
from .models import User
from .schemas import Account, PasswordChange, Registration, TokenPair, TokenRequest, address_of

bp = Blueprint("accounts", __name__, url_prefix="/accounts")
bp.after_request(tell_attempts_left)


@bp.post("")
@operation(status=201)
def register(body: Registration) -> Account:
    """Make an account, where the settings let people do that."""
    if not get_settings().registration:
        raise RegistrationClosed
    with passwords.place():
        count_attempt("register", body.email)
        password_hash = passwords.hash_of(body.password.get_secret_value(), body.email)
    user = service.register(get_session(), body.email, password_hash)
    return Account.model_validate(user)


@bp.get("/me")
@operation(security=active_user)
def read_account() -> Account:
    """Read the account of the token."""
    return Account.model_validate(active_user())


@bp.put("/me/password")
@operation(status=204, security=detached_user)
def change_password(body: PasswordChange) -> None:
    """Change the password; all other logins of the account are over."""
    user = detached_user()
    current, new = body.current_password.get_secret_value(), body.new_password.get_secret_value()
    with passwords.place():
        count_attempt("change password", str(user.id))
        is_right, _ = passwords.verify(current, user.password_hash)
        new_hash = passwords.hash_of(new, user.email, "new_password")
    service.change_password(get_session(), parse_jwt(), user, is_right, new_hash)


@bp.post("/token")
@operation()
def make_tokens(form: TokenRequest) -> TokenPair:
    """Log in with a password, or stay logged in with a refresh token, which is valid once."""
    if form.grant_type == "refresh_token":
        count_attempt("refresh")
        # Counted before the transaction begins, in which nothing is waited for but the database.
        if owner := find_owner(form.refresh_token or ""):
            count_attempt("renew", str(owner))
        claims, refresh_token = service.refresh(get_session(), form.refresh_token or "")
    else:
        username, password = form.username or "", form.password
        with passwords.place():
            count_attempt("log in", address_of(username) or username)
            user = find_user(username)
            is_right, new_hash = passwords.verify(
                password.get_secret_value() if password else "",
                user.password_hash if user else None,
            )
        claims, refresh_token = service.log_in(
            get_session(), user, is_right, new_hash, get_settings().refresh_token_lifetime
        )
    access_tokens = get_access_tokens()
    return TokenPair(
        access_token=access_tokens.make(claims),
        expires_in=access_tokens.lifetime,
        refresh_token=refresh_token,
    )


@bp.post("/logout")
@operation(status=204, security=active_user)
def log_out() -> None:
    """End the login of the token."""
    service.log_out(get_session(), parse_jwt())


@bp.post("/logout-everywhere")
@operation(status=204, security=active_user)
def log_out_everywhere() -> None:
    """End all logins of the account of the token."""
    service.log_out_everywhere(get_session(), parse_jwt())


def find_user(username: str) -> User | None:
    """Return the account of an address; no connection waits for what is done with it."""
    address = address_of(username)
    if address is None:
        return None
    with get_database(current_app).begin("read") as session:
        return service.find(session, address)


def find_owner(refresh_token: str) -> UUID | None:
    """Return the id of the account whose login a refresh token renews."""
    with get_database(current_app).begin("read") as session:
        return service.owner_of(session, refresh_token)
