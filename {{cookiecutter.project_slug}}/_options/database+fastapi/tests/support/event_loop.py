"""One event loop for all tests."""

from collections.abc import Iterator
from contextlib import nullcontext

import anyio.from_thread
import pytest


@pytest.fixture(scope="session", autouse=True)
def shared_event_loop() -> Iterator[None]:
    """Let all clients use one event loop, and the one thread that it runs in."""
    # On Python 3.11, coverage may hang when a thread ends in which SQLAlchemy has used greenlets.
    start = anyio.from_thread.start_blocking_portal
    with start() as portal, pytest.MonkeyPatch.context() as patch:
        patch.setattr("anyio.from_thread.start_blocking_portal", lambda **_: nullcontext(portal))
        yield
