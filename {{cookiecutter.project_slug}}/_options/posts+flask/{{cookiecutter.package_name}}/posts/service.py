"""The rules of posts."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy.orm import Session

from ..database.base import now
from . import access, queries
from .exceptions import PostNotFound, explained
from .models import Post
from .schemas import NewPost, PostChanges, PostContent, PostPage, PostQuery, PostRead


def find(session: Session, post_id: UUID) -> Post:
    """Return a post; raise PostNotFound where there is none."""
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
    with explained():
        session.flush()
    return post


def change(session: Session, post: Post, changes: PostContent | PostChanges) -> None:
    """Store what has changed; raise PreconditionFailed where the post is not as it was read."""
    for name, value in changes.model_dump(exclude_unset=True).items():
        setattr(post, name, value)
    post.updated_at = now()
    with explained():
        session.flush()


def publish(session: Session, post: Post) -> None:
    """Publish a post, once, however many do it now."""
    session.refresh(post, with_for_update=True)
    if post.published_at is None:
        post.published_at = post.updated_at = now()
        session.flush()


def delete(session: Session, post: Post) -> None:
    """Delete a post; raise PreconditionFailed where it is not as it was read."""
    session.delete(post)
    with explained():
        session.flush()


def export(session: Session) -> Iterator[bytes]:
    """Give all posts, a line of JSON each, as the database gives them; the first part is there already."""
    result = session.execute(queries.everything())

    def lines() -> Iterator[bytes]:
        for rows in result.partitions():
            yield b"".join(
                PostRead.model_validate(row).model_dump_json().encode() + b"\n" for row in rows
            )

    return lines()
