"""What the endpoints of posts have in common: a post that is there, and may be seen or changed."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Query

from ..accounts.dependencies import ActiveUser, MaybeUser, detached_user, scoped
from ..accounts.events import note
from ..accounts.models import User
from ..database.session import SessionDep
from ..web.etags import IfMatch
from . import queries, service
from .exceptions import NotYourPost, PostNotFound
from .models import Post
from .schemas import PostPage, PostQuery

Author = ActiveUser
# A stream keeps a connection for as long as it lasts; its request needs no second one.
Exporter = Annotated[User, Depends(scoped("posts:export", detached_user))]


async def readable_page(
    query: Annotated[PostQuery, Query()], user: MaybeUser, session: SessionDep
) -> PostPage:
    """Return the page of published posts, which needs no account, and of one's own."""
    if user is None and query.published is False:
        return PostPage(items=[], next=None)
    reader = str(user.id) if user else None
    return await service.list_page(session, query, queries.VISIBLE, reader=reader)


ReadablePage = Annotated[PostPage, Depends(readable_page)]


async def valid_post(post_id: UUID, session: SessionDep) -> Post:
    """Return the post of the path, or answer 404."""
    return await service.find(session, post_id)


ValidPost = Annotated[Post, Depends(valid_post)]


async def readable_post(user: MaybeUser, post: ValidPost) -> Post:
    """Return the post where it is published, which needs no account, or one's own; answer 404 otherwise."""
    if post.published_at is None and (user is None or post.owner != str(user.id)):
        note("not the owner", user.id if user else None)
        raise PostNotFound
    return post


ReadablePost = Annotated[Post, Depends(readable_post)]


async def owned_post(user: ActiveUser, post: ValidPost) -> Post:
    """Return the post where it is one's own; answer 403 otherwise, or 404 for what may not be seen."""
    if post.owner != str(user.id):
        note("not the owner", user.id)
        raise PostNotFound if post.published_at is None else NotYourPost
    return post


OwnedPost = Annotated[Post, Depends(owned_post)]


async def matched_post(post: OwnedPost, headers: Annotated[IfMatch, Header()]) -> Post:
    """Return the post where the client has seen its present version; answer 428 or 412 otherwise."""
    headers.check(post.version)
    return post


MatchedPost = Annotated[Post, Depends(matched_post)]
