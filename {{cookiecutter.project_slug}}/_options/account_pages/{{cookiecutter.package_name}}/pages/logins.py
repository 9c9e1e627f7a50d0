"""The logins of sessions: a session contains the id of a login, so it ends when the login is revoked."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from ..accounts.models import Login, User
from ..accounts.service import CURRENT_USER
from ..accounts.tokens import Claims
from ..database.base import now
from ..observability.audit_log import log_event

# The keys of a session.
USER, LOGIN = "user_id", "login_id"
SESSION_USER = CURRENT_USER.where(Login.expires_at > bindparam("now"))


class LoginRequired(Exception):
    """A page is for accounts: redirect to the form that logs in."""


def find_user(session: Session, claims: Claims) -> User | None:
    """Return the account of a login, or None if that is revoked or expired, or the account disabled."""
    return session.scalar(SESSION_USER, {**claims._asdict(), "now": now()})


def list_logins(session: Session, user_id: UUID) -> Sequence[Login]:
    """Return the logins of an account that are neither revoked nor expired, the newest first."""
    valid = Login.user_id == user_id, Login.revoked_at.is_(None), Login.expires_at > now()
    return session.scalars(select(Login).where(*valid).order_by(Login.id.desc())).all()


def end_login(session: Session, user_id: UUID, login_id: UUID) -> None:
    """Revoke a login of an account; one of another account is unchanged."""
    own = Login.id == login_id, Login.user_id == user_id, Login.revoked_at.is_(None)
    ended = update(Login).where(*own).values(revoked_at=now()).returning(Login.id)
    if session.scalar(ended):
        log_event("login ended", user_id=user_id, login_id=login_id)
