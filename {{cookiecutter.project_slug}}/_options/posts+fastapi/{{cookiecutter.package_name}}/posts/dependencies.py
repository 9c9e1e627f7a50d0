"""Dependencies of the endpoints of posts: a post that exists, and that the client may read or change."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header

from ..database.session import SessionDep
from ..identity import OptionalSubject, Subject
from ..web.etags import IfMatch
from . import access, service
from .models import Post


async def valid_post(post_id: UUID, session: SessionDep) -> Post:
    """Return the post of the path, or respond 404."""
    return await service.find(session, post_id)


ValidPost = Annotated[Post, Depends(valid_post)]


async def readable_post(subject: OptionalSubject, post: ValidPost) -> Post:
    """Return the post if the client may read it, or respond 404."""
    access.check_read(post, subject)
    return post


ReadablePost = Annotated[Post, Depends(readable_post)]


async def writable_post(subject: Subject, post: ValidPost) -> Post:
    """Return the post if the client may change it, or respond 403 or 404."""
    access.check_write(post, subject)
    return post


WritablePost = Annotated[Post, Depends(writable_post)]


async def matched_post(post: WritablePost, headers: Annotated[IfMatch, Header()]) -> Post:
    """Return the post if the client has read its current version, or respond 412 or 428."""
    headers.check(post.version)
    return post


MatchedPost = Annotated[Post, Depends(matched_post)]
