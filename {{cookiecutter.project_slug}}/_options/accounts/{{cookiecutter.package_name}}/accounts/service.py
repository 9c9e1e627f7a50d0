"""The rules of accounts, the same for every framework: all of them take a session and wait for nothing else."""

from datetime import timedelta
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
    InvalidCredentials,
    InvalidToken,
    TokenReused,
)
from .models import Login, RefreshToken, User
from .tokens import Claims

# Made once: to make it for each request would take more than half as long as to execute it.
CURRENT = (
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
    """Make an account; raise EmailTaken where there is one."""
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


def find(session: Session, email: str) -> User | None:
    """Return the account of an address, where there is one."""
    return session.scalar(select(User).where(User.email == email))


def current(session: Session, claims: Claims) -> User:
    """Return the account of a token; raise InvalidToken if it is deleted or disabled, or the login has ended."""
    user = session.scalar(CURRENT, {"user_id": claims.user_id, "login_id": claims.login_id})
    if user is None:
        log_event("token refused", user_id=claims.user_id, login_id=claims.login_id)
        raise InvalidToken
    return user


def permitted(user: User, scope: str) -> User:
    """Return the account; raise InsufficientScope if it lacks a scope."""
    if scope not in user.scope.split():
        log_event(f"scope missing: {scope}", user_id=user.id)
        raise InsufficientScope
    return user


def log_in(
    session: Session, verified: User | None, is_right: bool, new_hash: str | None, lifetime: int
) -> tuple[Claims, str]:
    """Begin a login of an account whose password was verified; it lasts for `lifetime` seconds at most.

    Raises InvalidCredentials where the password was wrong, or what was verified is not so any more.
    """
    if verified is None or not is_right:
        log_event("login failed", user_id=verified.id if verified else None)
        raise InvalidCredentials
    user = session.scalar(select(User).where(User.id == verified.id).with_for_update())
    if user is None or not user.is_active or user.password_hash != verified.password_hash:
        log_event("login refused", user_id=verified.id)
        raise InvalidCredentials
    if new_hash:
        user.password_hash = new_hash
    session.execute(delete(Login).where(Login.user_id == user.id, Login.expires_at <= now()))
    login = Login(user_id=user.id, expires_at=now() + timedelta(seconds=lifetime))
    session.add(login)
    session.flush()
    log_event("logged in", user_id=user.id, login_id=login.id)
    return Claims(user.id, login.id), add_refresh_token(session, login.id)


def owner_of(session: Session, refresh_token: str) -> UUID | None:
    """Return the id of the account whose login a refresh token renews, or None if it renews none."""
    return session.scalar(
        select(Login.user_id)
        .join(RefreshToken, RefreshToken.login_id == Login.id)
        .where(
            RefreshToken.digest == tokens.digest_of(refresh_token),
            RefreshToken.used_at.is_(None),
            Login.revoked_at.is_(None),
        )
    )


def refresh(session: Session, refresh_token: str) -> tuple[Claims, str]:
    """Replace a refresh token by another one.

    Raises InvalidToken where it is unknown or its login is over; TokenReused, and the login is over, where
    somebody was faster.
    """
    token = session.get(RefreshToken, tokens.digest_of(refresh_token))
    if token is None:
        log_event("refresh token refused")
        raise InvalidToken
    # Whoever renews a login waits here for others who do, so that one after the other is seen.
    login = session.scalar(
        select(Login)
        .join(User, User.id == Login.user_id)
        .where(Login.id == token.login_id, Login.revoked_at.is_(None), User.is_active)
        .with_for_update(of=Login)
    )
    if login is None or login.expires_at <= now():
        log_event("refresh token refused", login_id=token.login_id)
        raise InvalidToken
    is_first = changes(
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
    """Add a token to a login, and return it: nobody can ask for it again."""
    refresh_token = tokens.make_refresh_token()
    session.add(RefreshToken(digest=tokens.digest_of(refresh_token), login_id=login_id))
    session.flush()
    return refresh_token


def change_password(
    session: Session, claims: Claims, verified: User, is_right: bool, new_hash: str
) -> None:
    """Store a new password, and end all other logins.

    Raises InvalidCredentials where the present password was wrong, or has changed since it was verified.
    """
    is_changed = is_right and changes(
        session,
        update(User)
        .where(User.id == verified.id, User.password_hash == verified.password_hash)
        .values(password_hash=new_hash),
    )
    if not is_changed:
        log_event("password change failed", user_id=claims.user_id, login_id=claims.login_id)
        raise InvalidCredentials
    revoke(session, claims.user_id, but=claims.login_id)
    log_event("password changed", user_id=claims.user_id, login_id=claims.login_id)


def log_out(session: Session, claims: Claims) -> None:
    """End the login of a token; its access tokens go with it."""
    session.execute(update(Login).where(Login.id == claims.login_id).values(revoked_at=now()))
    log_event("logged out", user_id=claims.user_id, login_id=claims.login_id)


def log_out_everywhere(session: Session, claims: Claims) -> None:
    """End all logins of the account of a token."""
    revoke(session, claims.user_id)
    log_event("logged out everywhere", user_id=claims.user_id)


def revoke(session: Session, user_id: UUID, *, but: UUID | None = None) -> None:
    """End all logins of an account, or all but one."""
    others = Login.user_id == user_id, Login.revoked_at.is_(None), Login.id != but
    session.execute(update(Login).where(*others).values(revoked_at=now()))


def delete_expired_logins(session: Session, limit: int) -> int:
    """Delete at most `limit` expired logins, with their refresh tokens, and return their number."""
    # The oldest ids come first, and these logins expire first: no index on `expires_at` is needed.
    expired = select(Login.id).where(Login.expires_at <= now()).order_by(Login.id).limit(limit)
    return rows_changed(session, delete(Login).where(Login.id.in_(expired)))


def changes(session: Session, statement: Update) -> bool:
    """Execute a statement, and tell whether there was a row to change."""
    return rows_changed(session, statement) > 0


def rows_changed(session: Session, statement: Update | Delete) -> int:
    """Execute a statement, and return how many rows it has changed."""
    options = {"synchronize_session": False}
    result = cast(CursorResult[Any], session.execute(statement, execution_options=options))
    return result.rowcount
