"""What is asked of the table of posts."""

from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Select, select

from ..pagination import Key, Order
from .models import Post
from .schemas import Moment, PostQuery, Title

ORDER = Order(
    {
        "created_at": Key(Post.created_at, TypeAdapter(Moment)),
        "title": Key(Post.title, TypeAdapter(Title)),
    },
    Post.id,
)
# Rows that an export holds at a time.
EXPORT_BATCH = 500


def page(query: PostQuery, *where: ColumnElement[bool]) -> Select[tuple[Post]]:
    """Select a page of the posts that the query wants, of those that meet some conditions."""
    statement = select(Post).where(*where)
    if query.owner is not None:
        statement = statement.where(Post.owner == query.owner)
    if query.published is not None:
        is_draft = Post.published_at.is_(None)
        statement = statement.where(~is_draft if query.published else is_draft)
    if query.created_from is not None:
        statement = statement.where(Post.created_at >= query.created_from)
    if query.created_before is not None:
        statement = statement.where(Post.created_at < query.created_before)
    return ORDER.page(statement, query)


def everything() -> Select[Any]:
    """Select all posts, oldest first, without a session that remembers them."""
    statement = select(*Post.__table__.columns).order_by(Post.id)
    return statement.execution_options(yield_per=EXPORT_BATCH)
