"""What the endpoints of posts have in common: a post that is there, and may be seen or changed."""

from uuid import UUID

from sqlalchemy import ColumnElement, or_

from ..accounts import service as accounts
from ..accounts.dependencies import active_user, maybe_parse_jwt, maybe_user, scoped
from ..conditional import IfMatch
from ..database import get_session
from . import service
from .exceptions import NotYourPost, PostNotFound
from .models import Post

author = active_user
exporter = scoped("posts:export")


def visible() -> ColumnElement[bool]:
    """Return the condition for posts that may be seen: published, or one's own."""
    user, is_published = maybe_user(), Post.published_at.is_not(None)
    return or_(is_published, Post.owner == str(user.id)) if user else is_published


def valid_post(post_id: UUID) -> Post:
    """Return the post of the path, or answer 404."""
    return service.find(get_session(), post_id)


def readable_post(post_id: UUID) -> Post:
    """Return the post where it is published, which needs no account, or one's own; answer 404 otherwise."""
    claims, post = maybe_parse_jwt(), valid_post(post_id)
    if post.published_at is None:
        if claims is None or post.owner != str(claims.user_id):
            raise PostNotFound
        accounts.active(accounts.current(get_session(), claims))
    return post


def owned_post(post_id: UUID) -> Post:
    """Return the post where it is one's own; answer 403 otherwise, or 404 for what may not be seen."""
    user, post = active_user(), valid_post(post_id)
    if post.owner != str(user.id):
        raise PostNotFound if post.published_at is None else NotYourPost
    return post


def matched_post(post_id: UUID, headers: IfMatch) -> Post:
    """Return the post where the client has seen its present version; answer 428 or 412 otherwise."""
    post = owned_post(post_id)
    headers.check(post.version)
    return post
