"""A client that behaves as a browser without scripts does."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from re import findall

import httpx2

from ..support.framework import App, client_for

ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@contextmanager
def browser_of(app: App) -> Iterator[httpx2.Client]:
    """Yield a client that sends what a browser sends, over TLS."""
    with client_for(app) as client:
        client.follow_redirects = False
        client.base_url = httpx2.URL("https://localhost")
        client.headers.update({"Accept": ACCEPT, "Sec-Fetch-Site": "same-origin"})
        yield client


def links(page: httpx2.Response, attribute: str = "href") -> list[str]:
    """Return the values of an attribute in a page."""
    return [unescape(value) for value in findall(f'{attribute}="([^"]*)"', page.text)]
