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
def author_for(app: App) -> Iterator[httpx2.Client]:
    """Give a client that may work with posts: any may."""
    with client_for(app) as client:
        yield client


@pytest.fixture(scope="package")
def shared_app(settings: Settings) -> App:
    """One application for all of these tests: to make it takes longer than most of them."""
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
    """Speak to the application in a transaction, which is rolled back after the test."""
    with rolled_back(app, shared_client):
        yield shared_client
