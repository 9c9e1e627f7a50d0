"""Fixtures of the tests of posts."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from ..accounts.people import authorization, sign_up
from ..conftest import App, Settings, create_app
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


@pytest.fixture(scope="package")
def shared_app(settings: Settings) -> App:
    """One application for all of these tests: to make it takes longer than most of them."""
    app = create_app(settings)
    route_statements(app, "/promote", [PROMOTE], "POST")
    return app


@pytest.fixture(scope="package")
def shared_client(shared_app: App) -> Iterator[httpx2.Client]:
    with client_for(shared_app) as client:
        yield client


@pytest.fixture
def app(shared_app: App) -> App:
    return shared_app


@pytest.fixture
def client(app: App, shared_client: httpx2.Client) -> Iterator[httpx2.Client]:
    """Speak to the application in a transaction, which is rolled back after the test."""
    with rolled_back(app, shared_client):
        enter(shared_client)
        yield shared_client


def enter(client: httpx2.Client) -> None:
    """Let a client act for an account of its own."""
    client.headers.update(authorization(sign_up(client)))
    client.post("/promote")
