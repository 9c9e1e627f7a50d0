"""Database tables of e-mail addresses: tokens that were sent, and addresses that were confirmed.

They have no foreign keys: the migrations of options do not depend on each other.
"""

import enum
from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from ..database.base import Base


class Purpose(enum.Enum):
    """The operation that a token allows."""

    CONFIRM = "confirm"
    RESET = "reset"


class EmailToken(Base):
    """A token that was sent to an address, and can be used once; only its SHA-256 digest is stored."""

    __tablename__ = "email_tokens"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    user_id: Mapped[UUID]
    purpose: Mapped[Purpose]
    email: Mapped[str] = mapped_column(String(254))
    # The digest of the address and the password of the account: a change of either ends the token.
    state: Mapped[bytes] = mapped_column(LargeBinary(32))
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ConfirmedEmail(Base):
    """The address that the owner of an account has confirmed."""

    __tablename__ = "confirmed_emails"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
