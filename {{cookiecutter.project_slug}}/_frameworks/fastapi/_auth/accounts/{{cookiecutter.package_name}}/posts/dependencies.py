"""What the endpoints of posts have in common: a post that is there, and may be seen or changed."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header
from sqlalchemy import ColumnElement, or_

from ..accounts import service as accounts
from ..accounts.dependencies import ActiveUser, MaybeClaims, MaybeUser, scoped
from ..accounts.models import User
from ..conditional import IfMatch
from ..database import SessionDep
from . import service
from .exceptions import NotYourPost, PostNotFound
from .models import Post

Author = ActiveUser
Exporter = Annotated[User, Depends(scoped("posts:export"))]


async def visible(user: MaybeUser) -> ColumnElement[bool]:
    """Return the condition for posts that may be seen: published, or one's own."""
    is_published = Post.published_at.is_not(None)
    return or_(is_published, Post.owner == str(user.id)) if user else is_published


Visible = Annotated[ColumnElement[bool], Depends(visible)]


async def valid_post(post_id: UUID, session: SessionDep) -> Post:
    """Return the post of the path, or answer 404."""
    return await service.find(session, post_id)


ValidPost = Annotated[Post, Depends(valid_post)]


async def readable_post(claims: MaybeClaims, post: ValidPost, session: SessionDep) -> Post:
    """Return the post where it is published, which needs no account, or one's own; answer 404 otherwise."""
    if post.published_at is None:
        if claims is None or post.owner != str(claims.user_id):
            raise PostNotFound
        accounts.active(await session.run_sync(accounts.current, claims))
    return post


ReadablePost = Annotated[Post, Depends(readable_post)]


async def owned_post(user: ActiveUser, post: ValidPost) -> Post:
    """Return the post where it is one's own; answer 403 otherwise, or 404 for what may not be seen."""
    if post.owner != str(user.id):
        raise PostNotFound if post.published_at is None else NotYourPost
    return post


OwnedPost = Annotated[Post, Depends(owned_post)]


async def matched_post(post: OwnedPost, headers: Annotated[IfMatch, Header()]) -> Post:
    """Return the post where the client has seen its present version; answer 428 or 412 otherwise."""
    headers.check(post.version)
    return post


MatchedPost = Annotated[Post, Depends(matched_post)]
