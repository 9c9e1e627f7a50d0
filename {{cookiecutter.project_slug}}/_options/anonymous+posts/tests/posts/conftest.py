"""Fixtures of the tests of posts."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.config import Settings

from ..support.framework import App, client_for
from ..support.sessions import rolled_back


@contextmanager
def author_client(app: App) -> Iterator[httpx2.Client]:
    """Yield a client; writing posts requires no authentication."""
    with client_for(app) as client:
        yield client


@pytest.fixture(scope="package")
def shared_app(settings: Settings) -> App:
    """Return an application that all of these tests share, to save time."""
    return create_app(settings)


@pytest.fixture(scope="package")
def shared_client(shared_app: App) -> Iterator[httpx2.Client]:
    with client_for(shared_app) as client:
        yield client


@pytest.fixture
def app(shared_app: App) -> App:
    return shared_app


@pytest.fixture
def client(app: App, shared_client: httpx2.Client) -> Iterator[httpx2.Client]:
    """Yield a client in a transaction that is rolled back after the test."""
    with rolled_back(app, shared_client):
        yield shared_client
