"""Fixtures of the tests of posts."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from ..conftest import App
from ..framework import client_for
from ..sessions import rolled_back


@contextmanager
def author_for(app: App) -> Iterator[httpx2.Client]:
    """Give a client that may work with posts: any may."""
    with client_for(app) as client:
        yield client


@pytest.fixture
def client(app: App) -> Iterator[httpx2.Client]:
    """Speak to the application in a transaction, which is rolled back after the test."""
    with client_for(app) as client, rolled_back(app, client):
        yield client
