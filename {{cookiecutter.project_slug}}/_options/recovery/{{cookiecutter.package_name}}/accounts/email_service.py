"""Business rules of the e-mail addresses of accounts, shared by both frameworks and by jobs."""

from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest
from secrets import token_urlsafe
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, delete, select
from sqlalchemy.orm import Session

from ..database.base import now
from ..mail.jobs import send_mail
from ..observability.audit_log import log_event
from ..web.problems import ProblemError
from . import service
from .email_models import ConfirmedEmail, EmailToken, Purpose
from .exceptions import WrongPassword
from .models import User

LIFETIMES = {Purpose.CONFIRM: timedelta(days=1), Purpose.RESET: timedelta(minutes=30)}


class InvalidEmailToken(ProblemError):
    """The token is unknown, expired or used, or its account has changed since it was sent."""

    status = 422
    invalid = ({"loc": ("body", "token"), "msg": "Invalid, expired or used"},)


def issue_token(session: Session, user: User, purpose: Purpose, email: str) -> str:
    """Return a token of 256 random bits for an address, of which the digest is stored; delete expired ones."""
    session.execute(delete(EmailToken).where(EmailToken.expires_at <= now()))
    token = token_urlsafe(32)
    session.add(
        EmailToken(
            digest=digest_of(token),
            user_id=user.id,
            purpose=purpose,
            email=email,
            state=state_of(user),
            expires_at=now() + LIFETIMES[purpose],
        )
    )
    return token


def find_owner(session: Session, token: str, purpose: Purpose) -> User:
    """Return the account of a token; raise InvalidEmailToken if the token cannot be used."""
    statement = select(EmailToken.user_id, EmailToken.email, EmailToken.state)
    found = session.execute(statement.where(*is_usable(token, purpose))).one_or_none()
    return check_state(session, found, purpose, select(User))[0]


def use_token(session: Session, token: str, purpose: Purpose) -> tuple[User, str]:
    """Delete a token, and return its account and its address; raise InvalidEmailToken if it cannot be used."""
    returned = EmailToken.user_id, EmailToken.email, EmailToken.state
    statement = delete(EmailToken).where(*is_usable(token, purpose)).returning(*returned)
    found = session.execute(statement).one_or_none()
    return check_state(session, found, purpose, select(User).with_for_update())


def is_usable(token: str, purpose: Purpose) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that a token has not expired, and is for a purpose."""
    return (
        EmailToken.digest == digest_of(token),
        EmailToken.purpose == purpose,
        EmailToken.expires_at > now(),
    )


def check_state(
    session: Session, token: Row[UUID, str, bytes] | None, purpose: Purpose, users: Select[User]
) -> tuple[User, str]:
    """Return the account and the address of a token; raise InvalidEmailToken if the account has changed."""
    if token:
        user_id, email, state = token
        user = session.scalar(users.where(User.id == user_id, User.is_active))
        if user and compare_digest(state, state_of(user)):
            return user, email
    log_event(f"e-mail token refused: {purpose.value}")
    raise InvalidEmailToken


def is_confirmed(session: Session, user: User) -> bool:
    """Return whether the address of an account was confirmed."""
    confirmed = session.get(ConfirmedEmail, user.id)
    return confirmed is not None and confirmed.email == user.email


def confirm_email(session: Session, token: str) -> None:
    """Confirm the address of a token, and make it that of the account; notify the former address.

    Raises InvalidEmailToken if the token cannot be used, or if another account has the address.
    """
    user, email = use_token(session, token, Purpose.CONFIRM)
    if service.find(session, email) not in (None, user):
        raise InvalidEmailToken
    former, user.email = user.email, email
    session.merge(ConfirmedEmail(user_id=user.id, email=email))
    if former == email:
        log_event("address confirmed", user_id=user.id)
    else:
        log_event("address changed", user_id=user.id)
        notify(session, former, "Your e-mail address was changed", "email_changed")


def reset_password(session: Session, token: str, new_hash: str) -> None:
    """Store a new password, revoke all logins, and confirm the address; raise InvalidEmailToken."""
    user, email = use_token(session, token, Purpose.RESET)
    user.password_hash = new_hash
    session.merge(ConfirmedEmail(user_id=user.id, email=email))
    service.revoke(session, user.id)
    log_event("password reset", user_id=user.id)
    notify(session, email, "Your password was reset", "password_was_reset")


def check_password(user: User, is_correct: bool) -> None:
    """Raise WrongPassword if the current password is incorrect."""
    if not is_correct:
        log_event("address change failed", user_id=user.id)
        raise WrongPassword


def notify(session: Session, to: str, subject: str, template: str) -> None:
    """Enqueue a message without a token."""
    path = f"accounts/templates/{template}"
    session.add(send_mail.make_job(to=to, subject=subject, template=path, values={}))


def digest_of(token: str) -> bytes:
    """Return the SHA-256 digest of a token; random tokens need no slow hash."""
    return sha256(token.encode()).digest()


def state_of(user: User) -> bytes:
    """Return a digest of the address and the password of an account."""
    return sha256(f"{user.email} {user.password_hash}".encode()).digest()
