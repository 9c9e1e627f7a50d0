"""What the endpoints of posts have in common: a post that is there, and may be seen or changed."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Query

from ..accounts import service as accounts
from ..accounts.dependencies import ActiveUser, MaybeClaims, scoped
from ..accounts.models import User
from ..conditional import IfMatch
from ..database import SessionDep
from . import queries, service
from .exceptions import NotYourPost, PostNotFound
from .models import Post
from .schemas import PostPage, PostQuery

Author = ActiveUser
Exporter = Annotated[User, Depends(scoped("posts:export"))]


async def readable_page(
    query: Annotated[PostQuery, Query()], claims: MaybeClaims, session: SessionDep
) -> PostPage:
    """Return the page of published posts, which needs no account, and one's own; answer 401 where those need it."""
    if claims is None and query.published is False:
        return PostPage(items=[], next=None)
    reader = str(claims.user_id) if claims else None
    page = await service.list_page(session, query, queries.VISIBLE, reader=reader)
    if claims and any(post.published_at is None for post in page.items):
        accounts.active(await session.run_sync(accounts.current, claims))
    return page


ReadablePage = Annotated[PostPage, Depends(readable_page)]


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
