"""A pytest plugin for the suite of a generated project: its black-box tests ask a running service.

Black-box tests are those that take nothing but `client`. The service is at CONTRACT_URL.
"""

import inspect
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    black_box = [item for item in items if isinstance(item, pytest.Function) and takes_the_client_only(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in black_box])
    items[:] = black_box
    for name, module in list(sys.modules.items()):
        if name.startswith("tests.") and name.endswith("conftest"):
            conftest: Any = module
            conftest.client_for = client_for
            conftest.rolled_back = posts_deleted if name.startswith("tests.posts.") else accounts_kept


def client_for(app: object) -> httpx2.Client:
    """Return a client of the running service, which keeps its connection from request to request."""
    return httpx2.Client(base_url=os.environ["CONTRACT_URL"])


@contextmanager
def accounts_kept(app: object, client: httpx2.Client) -> Iterator[None]:
    """Leave the accounts that a test has made: each has an address that no other test asks for."""
    yield


@contextmanager
def posts_deleted(app: object, client: httpx2.Client) -> Iterator[None]:
    """Delete the posts that a test has written, where a transaction would have been rolled back."""
    yield
    while posts := client.get("/api/v1/posts", params={"limit": 100}).json()["items"]:
        for post in posts:
            client.delete(f"/api/v1/posts/{post['id']}", headers={"If-Match": "*"}).raise_for_status()


def takes_the_client_only(item: pytest.Function) -> bool:
    # A module with a client or an application of its own does not test the service.
    is_black_box = not hasattr(item.module, "client") and not hasattr(item.module, "app")
    return is_black_box and list(inspect.signature(item.function).parameters) == ["client"]
