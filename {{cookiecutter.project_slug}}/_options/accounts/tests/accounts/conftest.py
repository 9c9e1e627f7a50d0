"""Fixtures of the tests of accounts."""

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
    """One application for most of these tests: to make it takes longer than they do."""
    return create_app(settings)


@pytest.fixture(scope="package")
def shared_client(shared_app: App) -> Iterator[httpx2.Client]:
    with client_for(shared_app) as client:
        yield client


@pytest.fixture
def client(shared_app: App, shared_client: httpx2.Client) -> Iterator[httpx2.Client]:
    """Speak to the application in a transaction, which is rolled back after the test."""
    with rolled_back(shared_app, shared_client):
        yield shared_client


@pytest.fixture
def client_with(settings: Settings) -> ClientWith:
    """Speak to another application, whose settings differ, in such a transaction."""

    @contextmanager
    def client_of_another(**changes: object) -> Iterator[httpx2.Client]:
        app = create_app(settings.model_copy(update=changes))
        with client_for(app) as client, rolled_back(app, client):
            yield client

    return client_of_another
