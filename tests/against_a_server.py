"""A pytest plugin for the suite of a generated project: its black-box tests ask a running service.

Black-box tests are those that take nothing but `client`. The service is at CONTRACT_URL.
"""

import inspect
import os
import sys
from typing import Any

import httpx2
import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    black_box = [item for item in items if isinstance(item, pytest.Function) and takes_the_client_only(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in black_box])
    items[:] = black_box
    conftest: Any = sys.modules["tests.conftest"]
    conftest.client_for = lambda app: httpx2.Client(base_url=os.environ["CONTRACT_URL"])


def takes_the_client_only(item: pytest.Function) -> bool:
    return list(inspect.signature(item.function).parameters) == ["client"]
