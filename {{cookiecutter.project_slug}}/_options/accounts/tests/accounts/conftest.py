"""Fixtures of the account tests."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import httpx2
import pytest

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.config import Settings

from ..support.framework import App, client_for
from ..support.sessions import rolled_back

ClientWith = Callable[..., AbstractContextManager[httpx2.Client]]


@pytest.fixture(scope="package")
def shared_app(settings: Settings) -> App:
    """Return an application that most of these tests share, to save time."""
    return create_app(settings)


@pytest.fixture(scope="package")
def shared_client(shared_app: App) -> Iterator[httpx2.Client]:
    with client_for(shared_app) as client:
        yield client


@pytest.fixture
def client(shared_app: App, shared_client: httpx2.Client) -> Iterator[httpx2.Client]:
    """Yield a client in a transaction that is rolled back after the test."""
    with rolled_back(shared_app, shared_client):
        yield shared_client


@pytest.fixture
def client_with(settings: Settings) -> ClientWith:
    """Return a function that yields a client of an application with other settings."""

    @contextmanager
    def make_client(**changes: object) -> Iterator[httpx2.Client]:
        app = create_app(settings.model_copy(update=changes))
        with client_for(app) as client, rolled_back(app, client):
            yield client

    return make_client
