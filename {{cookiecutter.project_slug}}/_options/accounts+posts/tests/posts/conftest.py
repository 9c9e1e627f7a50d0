"""Fixtures of the tests of posts."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.config import Settings

from ..accounts.account_requests import authorization, sign_up
from ..support.databases import make_database
from ..support.framework import App, client_for
from ..support.sessions import rolled_back, route_statements


@contextmanager
def author_client(app: App) -> Iterator[httpx2.Client]:
    """Yield a client with an account that has all scopes of posts."""
    route_statements(app, "/grant", ["UPDATE users SET scope = 'posts:export'"], "POST")
    with client_for(app) as client:
        client.headers.update(authorization(sign_up(client)))
        client.post("/grant")
        yield client


@pytest.fixture(scope="package")
def shared_app(settings: Settings) -> App:
    """Return an application that all of these tests share, to save time."""
    return create_app(settings.model_copy(update={"database_url": make_database("posts")}))


@pytest.fixture(scope="package")
def shared_client(shared_app: App) -> Iterator[httpx2.Client]:
    """Yield a client that all of these tests share."""
    with author_client(shared_app) as client:
        yield client


@pytest.fixture
def app(shared_app: App) -> App:
    return shared_app


@pytest.fixture
def client(app: App, shared_client: httpx2.Client) -> Iterator[httpx2.Client]:
    """Yield a client in a transaction that is rolled back after the test."""
    with rolled_back(app, shared_client):
        yield shared_client
