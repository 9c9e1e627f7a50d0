"""Authors of posts, for pages."""

from ..posts.models import Post


def may_change(post: Post, subject: str | None) -> bool:
    """Return whether to offer changes of a post: to its owner."""
    return post.owner == subject
