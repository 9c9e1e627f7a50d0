"""The rules of posts."""

from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from ..database.base import now
from ..database.session import shielded
from . import access, queries
from .exceptions import PostNotFound, translate_integrity_errors
from .models import Post
from .schemas import NewPost, PostChanges, PostContent, PostPage, PostQuery, PostRead, values_of


async def find(session: AsyncSession, post_id: UUID) -> Post:
    """Return a post, or raise PostNotFound."""
    post = await session.scalar(queries.BY_ID, {"id": post_id})
    if post is None:
        raise PostNotFound
    return post


async def list_page(session: AsyncSession, query: PostQuery, subject: str | None) -> PostPage:
    """Return a page of the posts that the subject may read."""
    statement, parameters = queries.PAGES.select(query, *access.VISIBLE)
    parameters["subject"] = subject
    is_empty = access.sees_nothing(query, subject)
    rows = [] if is_empty else (await session.scalars(statement, parameters)).all()
    following = queries.PAGES.next(rows, query)
    return PostPage.model_validate({"items": rows[: query.limit], "next": following})


async def create(session: AsyncSession, new: NewPost, owner: str) -> Post:
    """Store a new post."""
    post = Post(**new.model_dump() | {"owner": owner})
    session.add(post)
    with translate_integrity_errors():
        await session.flush()
    return post


async def change(session: AsyncSession, post: Post, changes: PostContent | PostChanges) -> None:
    """Change a post; raise PreconditionFailed after a concurrent change."""
    for name, value in values_of(changes).items():
        setattr(post, name, value)
    post.updated_at = now()
    with translate_integrity_errors():
        await session.flush()


async def publish(session: AsyncSession, post: Post) -> None:
    """Publish a post; concurrent calls publish it once."""
    await session.refresh(post, with_for_update=True)
    if post.published_at is None:
        post.published_at = post.updated_at = now()
        await session.flush()


async def delete(session: AsyncSession, post: Post) -> None:
    """Delete a post; raise PreconditionFailed after a concurrent change."""
    await session.delete(post)
    with translate_integrity_errors():
        await session.flush()


async def export(session: AsyncSession) -> AsyncIterator[bytes]:
    """Return an iterator of all posts, one line of JSON each; the first rows are fetched at once."""
    result = await session.stream(queries.everything())

    async def lines() -> AsyncIterator[bytes]:
        async for rows in shielded(result.partitions()):
            yield b"".join(
                PostRead.model_validate(row).model_dump_json().encode() + b"\n" for row in rows
            )

    return lines()
