"""What the endpoints of posts have in common: a post that is there, and as its client knows it."""

from uuid import UUID

from ..database.session import get_session
from ..web.etags import IfMatch
from . import service
from .models import Post


def valid_post(post_id: UUID) -> Post:
    """Return the post of the path, or answer 404."""
    return service.find(get_session(), post_id)


def matched_post(post_id: UUID, headers: IfMatch) -> Post:
    """Return the post where the client has seen its present version; answer 428 or 412 otherwise."""
    post = valid_post(post_id)
    headers.check(post.version)
    return post
