"""Dependencies of the endpoints of posts: a post that exists, and that the client may read or change."""

from uuid import UUID

from ..database.session import get_session
from ..identity import optional_subject, subject
from ..web.etags import IfMatch
from . import access, service
from .models import Post


def valid_post(post_id: UUID) -> Post:
    """Return the post of the path, or respond 404."""
    return service.find(get_session(), post_id)


def readable_post(post_id: UUID) -> Post:
    """Return the post if the client may read it, or respond 404."""
    reader, post = optional_subject(), valid_post(post_id)
    access.check_read(post, reader)
    return post


def writable_post(post_id: UUID) -> Post:
    """Return the post if the client may change it, or respond 403 or 404."""
    writer, post = subject(), valid_post(post_id)
    access.check_write(post, writer)
    return post


def matched_post(post_id: UUID, headers: IfMatch) -> Post:
    """Return the post if the client has read its current version, or respond 412 or 428."""
    post = writable_post(post_id)
    headers.check(post.version)
    return post
