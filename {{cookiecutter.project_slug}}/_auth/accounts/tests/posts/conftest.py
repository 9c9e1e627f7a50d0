"""Fixtures of the tests of posts."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from ..accounts.people import authorization, sign_up
from ..conftest import App
from ..framework import client_for
from ..sessions import rolled_back, route_statements

PROMOTE = "UPDATE users SET scope = 'posts:export'"


@contextmanager
def author_for(app: App) -> Iterator[httpx2.Client]:
    """Give a client with an account that may do anything with posts."""
    route_statements(app, "/promote", [PROMOTE], "POST")
    with client_for(app) as client:
        enter(client)
        yield client


@pytest.fixture
def client(app: App) -> Iterator[httpx2.Client]:
    """Speak to the application in a transaction, which is rolled back after the test."""
    route_statements(app, "/promote", [PROMOTE], "POST")
    with client_for(app) as client, rolled_back(app, client):
        enter(client)
        yield client


def enter(client: httpx2.Client) -> None:
    """Let a client act for an account of its own."""
    client.headers.update(authorization(sign_up(client)))
    client.post("/promote")
