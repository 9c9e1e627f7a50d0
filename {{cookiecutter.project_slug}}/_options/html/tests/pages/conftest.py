"""Fixtures of the tests of pages."""

from collections.abc import Iterator

import httpx2
import pytest

from ..support.framework import App
from .browser import browser_of


@pytest.fixture
def browser(app: App) -> Iterator[httpx2.Client]:
    """Yield a client that sends what a browser sends, over TLS."""
    with browser_of(app) as client:
        yield client
