"""Business rules of accounts, shared by both frameworks: each function takes a session and does no other I/O."""

from datetime import timedelta
from secrets import token_urlsafe
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, Delete, Update, bindparam, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ..database.base import now
from ..database.engine import constraint_of
from ..observability.audit_log import log_event
from . import tokens
from .exceptions import (
    EmailTaken,
    InsufficientScope,
    InvalidGrant,
    InvalidLogin,
    InvalidToken,
    TokenReused,
    WrongPassword,
)
from .models import Login, RefreshToken, User
from .passwords import hash_password
from .tokens import Claims

# Built once, because every authenticated request executes it.
CURRENT_USER = (
    select(User)
    .join(Login, Login.user_id == User.id)
    .where(
        User.id == bindparam("user_id"),
        User.is_active,
        Login.id == bindparam("login_id"),
        Login.revoked_at.is_(None),
    )
)


def register(session: Session, email: str, password_hash: str) -> User:
    """Create an account; raise EmailTaken if the e-mail address has one."""
    user = User(email=email, password_hash=password_hash)
    session.add(user)
    try:
        session.flush()
    except IntegrityError as error:
        if constraint_of(error) != "uq_users_email":
            raise
        raise EmailTaken from None
    log_event("registered", user_id=user.id)
    return user


def find_or_create(session: Session, email: str) -> tuple[User, str | None]:
    """Return the account of an e-mail address; create it with a random password if there is none, and return that too."""
    if user := find(session, email):
        return user, None
    password = token_urlsafe()
    return register(session, email, hash_password(password, email)), password


def find(session: Session, email: str) -> User | None:
    """Return the account of an e-mail address, or None."""
    return session.scalar(select(User).where(User.email == email))


def current_user(session: Session, claims: Claims) -> User:
    """Return the account of a token; raise InvalidToken if it is deleted or disabled, or the login is revoked."""
    user = session.scalar(CURRENT_USER, {"user_id": claims.user_id, "login_id": claims.login_id})
    if user is None:
        log_event("token refused", user_id=claims.user_id, login_id=claims.login_id)
        raise InvalidToken
    return user


def require_scope(user: User, scope: str) -> User:
    """Return the account; raise InsufficientScope if it lacks the scope."""
    if scope not in user.scope.split():
        log_event(f"scope missing: {scope}", user_id=user.id)
        raise InsufficientScope
    return user


def log_in(
    session: Session, verified: User | None, is_correct: bool, new_hash: str | None, lifetime: int
) -> tuple[Claims, str]:
    """Create a login for a verified account, which expires after `lifetime` seconds, and return its first tokens.

    Raises InvalidLogin if the password is incorrect, or if the account was disabled or its password changed
    since it was verified.
    """
    if verified is None or not is_correct:
        log_event("login failed", user_id=verified.id if verified else None)
        raise InvalidLogin
    user = session.scalar(select(User).where(User.id == verified.id).with_for_update())
    if user is None or not user.is_active or user.password_hash != verified.password_hash:
        log_event("login refused", user_id=verified.id)
        raise InvalidLogin
    if new_hash:
        user.password_hash = new_hash
    session.execute(delete(Login).where(Login.user_id == user.id, Login.expires_at <= now()))
    login = Login(user_id=user.id, expires_at=now() + timedelta(seconds=lifetime))
    session.add(login)
    session.flush()
    log_event("logged in", user_id=user.id, login_id=login.id)
    return Claims(user.id, login.id), add_refresh_token(session, login.id)


def find_token_owner(session: Session, refresh_token: str) -> UUID | None:
    """Return the id of the account that an unused refresh token belongs to, or None."""
    return session.scalar(
        select(Login.user_id)
        .join(RefreshToken, RefreshToken.login_id == Login.id)
        .where(
            RefreshToken.digest == tokens.hash_refresh_token(refresh_token),
            RefreshToken.used_at.is_(None),
            Login.revoked_at.is_(None),
        )
    )


def refresh(session: Session, refresh_token: str) -> tuple[Claims, str]:
    """Replace a refresh token by a new one.

    Raises InvalidGrant if it is unknown or its login is expired or revoked. If it was used before, revokes the login
    and raises TokenReused.
    """
    token = session.get(RefreshToken, tokens.hash_refresh_token(refresh_token))
    if token is None:
        log_event("refresh token refused")
        raise InvalidGrant
    # The row lock serialises concurrent requests with the same login, so that a second use is detected.
    login = session.scalar(
        select(Login)
        .join(User, User.id == Login.user_id)
        .where(Login.id == token.login_id, Login.revoked_at.is_(None), User.is_active)
        .with_for_update(of=Login)
    )
    if login is None or login.expires_at <= now():
        log_event("refresh token refused", login_id=token.login_id)
        raise InvalidGrant
    is_first = has_changed(
        session,
        update(RefreshToken)
        .where(RefreshToken.digest == token.digest, RefreshToken.used_at.is_(None))
        .values(used_at=now()),
    )
    if not is_first:
        login.revoked_at = now()
        session.flush()
        log_event("refresh token reused", user_id=login.user_id, login_id=login.id)
        raise TokenReused
    log_event("login renewed", user_id=login.user_id, login_id=login.id)
    return Claims(login.user_id, login.id), add_refresh_token(session, login.id)


def add_refresh_token(session: Session, login_id: UUID) -> str:
    """Add a refresh token to a login, and return it: only its hash is stored."""
    refresh_token = tokens.make_refresh_token()
    session.add(RefreshToken(digest=tokens.hash_refresh_token(refresh_token), login_id=login_id))
    session.flush()
    return refresh_token


def change_password(
    session: Session, claims: Claims, verified: User, is_correct: bool, new_hash: str
) -> None:
    """Store a new password, and revoke all other logins.

    Raises WrongPassword if the current password is incorrect, or has changed since it was verified.
    """
    is_changed = is_correct and has_changed(
        session,
        update(User)
        .where(User.id == verified.id, User.password_hash == verified.password_hash)
        .values(password_hash=new_hash),
    )
    if not is_changed:
        log_event("password change failed", user_id=claims.user_id, login_id=claims.login_id)
        raise WrongPassword
    revoke(session, claims.user_id, but=claims.login_id)
    log_event("password changed", user_id=claims.user_id, login_id=claims.login_id)


def log_out(session: Session, claims: Claims) -> None:
    """Revoke the login of a token, and with it all its access tokens."""
    session.execute(update(Login).where(Login.id == claims.login_id).values(revoked_at=now()))
    log_event("logged out", user_id=claims.user_id, login_id=claims.login_id)


def log_out_everywhere(session: Session, claims: Claims) -> None:
    """Revoke all logins of the account of a token."""
    revoke(session, claims.user_id)
    log_event("logged out everywhere", user_id=claims.user_id)


def revoke(session: Session, user_id: UUID, *, but: UUID | None = None) -> None:
    """Revoke all logins of an account, except `but` if given."""
    others = Login.user_id == user_id, Login.revoked_at.is_(None), Login.id != but
    session.execute(update(Login).where(*others).values(revoked_at=now()))


def delete_expired_logins(session: Session, limit: int) -> int:
    """Delete at most `limit` expired logins, with their refresh tokens, and return their number."""
    # Ids are ordered by time and the oldest logins expire first, so no index on `expires_at` is needed.
    expired = select(Login.id).where(Login.expires_at <= now()).order_by(Login.id).limit(limit)
    return rows_changed(session, delete(Login).where(Login.id.in_(expired)))


def has_changed(session: Session, statement: Update) -> bool:
    """Execute an UPDATE, and return whether it has changed any row."""
    return rows_changed(session, statement) > 0


def rows_changed(session: Session, statement: Update | Delete) -> int:
    """Execute a statement, and return the number of rows that it has changed."""
    options = {"synchronize_session": False}
    result = cast(CursorResult[Any], session.execute(statement, execution_options=options))
    return result.rowcount
