"""What the endpoints of posts have in common: a post that is there, and as its client knows it."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header

from ..database.session import SessionDep
from ..web.etags import IfMatch
from . import service
from .models import Post


async def valid_post(post_id: UUID, session: SessionDep) -> Post:
    """Return the post of the path, or answer 404."""
    return await service.find(session, post_id)


ValidPost = Annotated[Post, Depends(valid_post)]


async def matched_post(post: ValidPost, headers: Annotated[IfMatch, Header()]) -> Post:
    """Return the post where the client has seen its present version; answer 428 or 412 otherwise."""
    headers.check(post.version)
    return post


MatchedPost = Annotated[Post, Depends(matched_post)]
