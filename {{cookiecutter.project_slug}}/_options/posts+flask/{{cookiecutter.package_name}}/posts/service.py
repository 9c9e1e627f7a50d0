"""The rules of posts."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy.orm import Session

from ..database.base import now
from . import access, queries
from .exceptions import PostNotFound, translate_integrity_errors
from .models import Post
from .schemas import NewPost, PostChanges, PostContent, PostPage, PostQuery, PostRead, values_of


def find(session: Session, post_id: UUID) -> Post:
    """Return a post, or raise PostNotFound."""
    post = session.scalar(queries.BY_ID, {"id": post_id})
    if post is None:
        raise PostNotFound
    return post


def list_page(session: Session, query: PostQuery, subject: str | None) -> PostPage:
    """Return a page of the posts that the subject may read."""
    statement, parameters = queries.PAGES.select(query, *access.VISIBLE)
    parameters["subject"] = subject
    is_empty = access.sees_nothing(query, subject)
    rows = [] if is_empty else session.scalars(statement, parameters).all()
    following = queries.PAGES.next(rows, query)
    return PostPage.model_validate({"items": rows[: query.limit], "next": following})


def create(session: Session, new: NewPost, owner: str) -> Post:
    """Store a new post."""
    post = Post(**new.model_dump() | {"owner": owner})
    session.add(post)
    with translate_integrity_errors():
        session.flush()
    return post


def change(session: Session, post: Post, changes: PostContent | PostChanges) -> None:
    """Change a post; raise PreconditionFailed after a concurrent change."""
    for name, value in values_of(changes).items():
        setattr(post, name, value)
    post.updated_at = now()
    with translate_integrity_errors():
        session.flush()


def publish(session: Session, post: Post) -> None:
    """Publish a post; concurrent calls publish it once."""
    session.refresh(post, with_for_update=True)
    if post.published_at is None:
        post.published_at = post.updated_at = now()
        session.flush()


def delete(session: Session, post: Post) -> None:
    """Delete a post; raise PreconditionFailed after a concurrent change."""
    session.delete(post)
    with translate_integrity_errors():
        session.flush()


def export(session: Session) -> Iterator[bytes]:
    """Return an iterator of all posts, one line of JSON each; the first rows are fetched at once."""
    result = session.execute(queries.everything())

    def lines() -> Iterator[bytes]:
        for rows in result.partitions():
            yield b"".join(
                PostRead.model_validate(row).model_dump_json().encode() + b"\n" for row in rows
            )

    return lines()
