# mypy: ignore-errors
"""Posts as one would write them by hand for one list without filters; what both frameworks have in common."""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from uuid import UUID

from my_service.posts.schemas import PostQuery
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter
from pydantic_core import to_json
from sqlalchemy import DateTime, String, Text, make_url, select, tuple_
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

URL = make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+psycopg")
OPTIONS = {
    "isolation_level": "AUTOCOMMIT",
    "pool_size": 10,
    "max_overflow": 0,
    "connect_args": {"options": "-c timezone=UTC"},
}
# So that both sides answer the same, cursors begin as those of the project.
FINGERPRINT = PostQuery().fingerprint()
CURSOR = TypeAdapter(tuple[str, AwareDatetime, UUID])


class Base(DeclarativeBase):
    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012  # as SQLAlchemy documents it


class Post(Base):
    __tablename__ = "posts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(100))
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(String(200))
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int]


class PostRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    slug: str
    title: str
    body: str
    owner: str
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime


class PostPage(BaseModel):
    items: list[PostRead]
    next: str | None


class PageQuery(BaseModel):
    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = None


def select_page(query):
    statement = select(Post).order_by(Post.created_at.desc(), Post.id.desc()).limit(query.limit + 1)
    if query.cursor is not None:
        _, created_at, post_id = CURSOR.validate_json(urlsafe_b64decode(query.cursor + "=="))
        statement = statement.where(tuple_(Post.created_at, Post.id) < tuple_(created_at, post_id))
    return statement


def next_cursor(posts, query):
    if len(posts) <= query.limit:
        return None
    last = posts[query.limit - 1]
    return urlsafe_b64encode(to_json([FINGERPRINT, last.created_at, last.id])).rstrip(b"=").decode()
