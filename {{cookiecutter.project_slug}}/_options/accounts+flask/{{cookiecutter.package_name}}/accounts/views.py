"""The endpoints of accounts."""

from uuid import UUID

from flask import Blueprint, current_app

from ..database.session import get_database, get_session
from ..web.dependencies import get_settings
from ..web.operations import operation
from . import service
from .dependencies import active_user, detached_user, get_access_tokens, get_hashing_pool, parse_jwt
# {% if "recovery" in cookiecutter.__facts %}
from .email_jobs import send_confirmation
# {% endif %}
from .exceptions import RegistrationDisabled
from .models import User
from .rate_limits import add_rate_limit_headers, count_attempt
from .schemas import Account, PasswordChange, Registration, TokenPair, TokenRequest, parse_email
from .tokens import Claims

bp = Blueprint("accounts", __name__, url_prefix="/accounts")
bp.after_request(add_rate_limit_headers)


@bp.post("")
@operation(status=201, problems=[403, 409, 429])
def register(body: Registration) -> Account:
    """Create an account, if registration is enabled."""
    return Account.model_validate(register_user(body))


def register_user(body: Registration) -> User:
    """Create an account; raise RegistrationDisabled, WeakPassword, EmailTaken, or an error of the limits."""
    if not get_settings().registration:
        raise RegistrationDisabled
    pool = get_hashing_pool()
    with pool.hashing_slot():
        count_attempt("register", body.email)
        password_hash = pool.hash(body.password.get_secret_value(), body.email)
    user = service.register(get_session(), body.email, password_hash)
    # {% if "recovery" in cookiecutter.__facts %}
    send_confirmation.enqueue(get_session(), user.id, user.email)
    # {% endif %}
    return user


@bp.get("/me")
@operation(security=active_user)
def read_account() -> Account:
    """Read the account of the token."""
    return Account.model_validate(active_user())


@bp.put("/me/password")
@operation(status=204, problems=[429], security=detached_user)
def change_password(body: PasswordChange) -> None:
    """Change the password, and revoke all other logins of the account."""
    replace_password(detached_user(), parse_jwt(), body)


def replace_password(user: User, claims: Claims, body: PasswordChange) -> None:
    """Change the password of an account, which was read in another session, and revoke its other logins."""
    pool = get_hashing_pool()
    current, new = body.current_password.get_secret_value(), body.new_password.get_secret_value()
    with pool.hashing_slot():
        count_attempt("change password", str(user.id))
        is_correct, _ = pool.verify(current, user.password_hash)
        new_hash = pool.hash(new, user.email, "new_password")
    service.change_password(get_session(), claims, user, is_correct, new_hash)


@bp.post("/token")
@operation(problems=[400, 429])
def make_tokens(form: TokenRequest) -> TokenPair:
    """Issue tokens for a password, or for a refresh token, which can be used once."""
    if form.grant_type == "refresh_token":
        count_attempt("refresh")
        # Count before the transaction begins: the storage of the limits must not prolong it.
        if owner := find_owner(form.refresh_token or ""):
            count_attempt("renew", str(owner))
        claims, refresh_token = service.refresh(get_session(), form.refresh_token or "")
    else:
        password = form.password.get_secret_value() if form.password else ""
        claims, refresh_token = log_in(form.username or "", password)
    access_tokens = get_access_tokens()
    return TokenPair(
        access_token=access_tokens.make(claims),
        expires_in=access_tokens.lifetime,
        refresh_token=refresh_token,
    )


def log_in(username: str, password: str) -> tuple[Claims, str]:
    """Log in with a password, and return the first tokens; raise InvalidLogin, or an error of the limits."""
    pool = get_hashing_pool()
    with pool.hashing_slot():
        count_attempt("log in", parse_email(username) or username)
        user = find_user(username)
        is_correct, new_hash = pool.verify(password, user.password_hash if user else None)
    lifetime = get_settings().refresh_token_lifetime
    return service.log_in(get_session(), user, is_correct, new_hash, lifetime)


@bp.post("/logout")
@operation(status=204, security=active_user)
def log_out() -> None:
    """Revoke the login of the token."""
    service.log_out(get_session(), parse_jwt())


@bp.post("/logout-everywhere")
@operation(status=204, security=active_user)
def log_out_everywhere() -> None:
    """Revoke all logins of the account of the token."""
    service.log_out_everywhere(get_session(), parse_jwt())


def find_user(username: str) -> User | None:
    """Return the account of an e-mail address, read in a session that ends before the password is verified."""
    address = parse_email(username)
    if address is None:
        return None
    with get_database(current_app).begin("read") as session:
        return service.find(session, address)


def find_owner(refresh_token: str) -> UUID | None:
    """Return the id of the account that an unused refresh token belongs to, or None."""
    with get_database(current_app).begin("read") as session:
        return service.find_token_owner(session, refresh_token)
