"""Authors of posts: every client."""

import httpx2

# What an author types beside the content of a post.
TYPED_OWNER = {"owner": "alice"}


def become_author(browser: httpx2.Client) -> None:
    """Prepare a browser for writing; without authentication, nothing is needed."""
