"""What the endpoints of posts have in common: a post that is there, and may be seen or changed."""

from uuid import UUID

from ..accounts.dependencies import active_user, detached_user, maybe_user, scoped
from ..accounts.events import note
from ..database.session import get_session
from ..web.etags import IfMatch
from . import queries, service
from .exceptions import NotYourPost, PostNotFound
from .models import Post
from .schemas import PostPage, PostQuery

author = active_user
# A stream keeps a connection for as long as it lasts; its request needs no second one.
exporter = scoped("posts:export", detached_user)


def readable_page(query: PostQuery) -> PostPage:
    """Return the page of published posts, which needs no account, and of one's own."""
    user = maybe_user()
    if user is None and query.published is False:
        return PostPage(items=[], next=None)
    reader = str(user.id) if user else None
    return service.list_page(get_session(), query, queries.VISIBLE, reader=reader)


def valid_post(post_id: UUID) -> Post:
    """Return the post of the path, or answer 404."""
    return service.find(get_session(), post_id)


def readable_post(post_id: UUID) -> Post:
    """Return the post where it is published, which needs no account, or one's own; answer 404 otherwise."""
    user, post = maybe_user(), valid_post(post_id)
    if post.published_at is None and (user is None or post.owner != str(user.id)):
        note("not the owner", user.id if user else None)
        raise PostNotFound
    return post


def owned_post(post_id: UUID) -> Post:
    """Return the post where it is one's own; answer 403 otherwise, or 404 for what may not be seen."""
    user, post = active_user(), valid_post(post_id)
    if post.owner != str(user.id):
        note("not the owner", user.id)
        raise PostNotFound if post.published_at is None else NotYourPost
    return post


def matched_post(post_id: UUID, headers: IfMatch) -> Post:
    """Return the post where the client has seen its present version; answer 428 or 412 otherwise."""
    post = owned_post(post_id)
    headers.check(post.version)
    return post
