"""One event loop for all tests."""

from collections.abc import Iterator
from contextlib import nullcontext

import anyio.from_thread
import pytest


@pytest.fixture(scope="session", autouse=True)
def shared_event_loop() -> Iterator[None]:
    """Run all test clients in one event loop, in one thread."""
    # On Python 3.11, coverage can hang at the end of a thread that has used SQLAlchemy's greenlets.
    start = anyio.from_thread.start_blocking_portal
    with start() as portal, pytest.MonkeyPatch.context() as patch:
        patch.setattr("anyio.from_thread.start_blocking_portal", lambda **_: nullcontext(portal))
        yield
