"""SQL statements for posts."""

from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Select, bindparam, select

from ..database.pagination import Key, Pages
from .models import Post
from .schemas import Moment, Title

PAGES = Pages(
    select(Post),
    {
        "created_at": Key(Post.created_at, TypeAdapter(Moment)),
        "title": Key(Post.title, TypeAdapter(Title)),
    },
    Post.id,
    {
        "owner": Post.owner == bindparam("owner"),
        "published": Post.published_at.is_not(None) == bindparam("published"),
        "created_from": Post.created_at >= bindparam("created_from"),
        "created_before": Post.created_at < bindparam("created_before"),
    },
)
# Like `session.get()`, which builds its statement anew with each call.
BY_ID = select(Post).where(Post.id == bindparam("id"))
# Rows that an export fetches at a time.
EXPORT_BATCH = 500


def everything() -> Select[Any]:
    """Select all posts, oldest first, without loading them into a session."""
    statement = select(*Post.__table__.columns).order_by(Post.id)
    return statement.execution_options(yield_per=EXPORT_BATCH)
