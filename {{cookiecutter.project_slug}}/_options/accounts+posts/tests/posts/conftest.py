"""Fixtures of the tests of posts."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.config import Settings

from ..accounts.people import authorization, sign_up
from ..support.databases import make_database
from ..support.framework import App, client_for
from ..support.sessions import rolled_back, route_statements


@contextmanager
def author_for(app: App) -> Iterator[httpx2.Client]:
    """Give a client with an account that may do anything with posts."""
    route_statements(app, "/promote", ["UPDATE users SET scope = 'posts:export'"], "POST")
    with client_for(app) as client:
        client.headers.update(authorization(sign_up(client)))
        client.post("/promote")
        yield client


@pytest.fixture(scope="package")
def shared_app(settings: Settings) -> App:
    """One application for all of these tests: to make it takes longer than most of them."""
    return create_app(settings.model_copy(update={"database_url": make_database("posts")}))


@pytest.fixture(scope="package")
def shared_client(shared_app: App) -> Iterator[httpx2.Client]:
    """One author for all of these tests, in a database of their own."""
    with author_for(shared_app) as client:
        yield client


@pytest.fixture
def app(shared_app: App) -> App:
    return shared_app


@pytest.fixture
def client(app: App, shared_client: httpx2.Client) -> Iterator[httpx2.Client]:
    """Speak to the application in a transaction, which is rolled back after the test."""
    with rolled_back(app, shared_client):
        yield shared_client
