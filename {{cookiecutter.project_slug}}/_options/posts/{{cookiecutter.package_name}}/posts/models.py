"""The table of posts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from ..database.base import Base, now


def created_at_of(context: Any) -> datetime:
    """Return the time of creation, which is also that of the last change."""
    moment: datetime = context.get_current_parameters()["created_at"]
    return moment


class Post(Base):
    """A post; its version is incremented by each change, and a concurrent change fails."""

    __tablename__ = "posts"

    # UUIDs of version 7 begin with the time: new rows are appended to the index.
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(String(200))
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=created_at_of)
    version: Mapped[int] = mapped_column()

    # One for each order of the list; the id makes the order total.
    __table_args__ = (
        Index(None, "created_at", "id"),
        Index(None, "title", "id"),
        Index(None, "owner", "created_at", "id"),
    )
    __mapper_args__ = {"version_id_col": version}
