"""Access to posts: published ones are for everyone, and all else for their owner."""

from sqlalchemy import bindparam

from ..observability.audit_log import log_event
from .exceptions import NotYourPost, PostNotFound
from .models import Post
from .schemas import NewPost, PostQuery

# The statuses of the errors of `check_write`.
WRITE_PROBLEMS = (403, 404)
# Without an account, the subject is NULL, which equals no owner.
VISIBLE = (Post.published_at.is_not(None) | (Post.owner == bindparam("subject")),)


def sees_nothing(query: PostQuery, subject: str | None) -> bool:
    """Tell whether a list is empty without asking: the database would scan the drafts of everyone."""
    return subject is None and query.published is False


def owner_of(new: NewPost, subject: str) -> str:
    """Return the owner of a new post."""
    return subject


def check_read(post: Post, subject: str | None) -> None:
    """Raise PostNotFound for a draft of another owner."""
    if post.published_at is None and post.owner != subject:
        log_event("not the owner", user_id=subject)
        raise PostNotFound


def check_write(post: Post, subject: str) -> None:
    """Raise NotYourPost for a post of another owner, or PostNotFound for a draft."""
    check_read(post, subject)
    if post.owner != subject:
        log_event("not the owner", user_id=subject)
        raise NotYourPost
