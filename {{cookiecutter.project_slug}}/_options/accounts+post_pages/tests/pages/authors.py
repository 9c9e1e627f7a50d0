"""Authors of posts: accounts that are logged in."""

import httpx2

from .account_pages import log_in, register

# What an author types beside the content of a post.
TYPED_OWNER: dict[str, str] = {}


def become_author(browser: httpx2.Client) -> None:
    """Register an account and log in."""
    log_in(browser, register(browser))
