"""What the endpoints of posts have in common: a post that is there, and may be seen or changed."""

from uuid import UUID

from ..accounts.dependencies import active_user, maybe_parse_jwt, scoped
from ..conditional import IfMatch
from ..database import get_session
from . import queries, service
from .exceptions import NotYourPost, PostNotFound
from .models import Post
from .schemas import PostPage, PostQuery

author = active_user
exporter = scoped("posts:export")


def readable_page(query: PostQuery) -> PostPage:
    """Return the page of published posts, which needs no account, and one's own; answer 401 where those need it."""
    claims, session = maybe_parse_jwt(), get_session()
    if claims is None and query.published is False:
        return PostPage(items=[], next=None)
    reader = str(claims.user_id) if claims else None
    page = service.list_page(session, query, queries.VISIBLE, reader=reader)
    if claims and any(post.published_at is None for post in page.items):
        active_user()
    return page


def valid_post(post_id: UUID) -> Post:
    """Return the post of the path, or answer 404."""
    return service.find(get_session(), post_id)


def readable_post(post_id: UUID) -> Post:
    """Return the post where it is published, which needs no account, or one's own; answer 404 otherwise."""
    claims, post = maybe_parse_jwt(), valid_post(post_id)
    if post.published_at is None:
        if claims is None or post.owner != str(claims.user_id):
            raise PostNotFound
        active_user()
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
