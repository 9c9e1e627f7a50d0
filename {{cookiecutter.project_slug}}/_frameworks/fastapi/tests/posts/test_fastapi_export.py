"""What becomes of the export's connection when FastAPI cancels it."""

import asyncio
from importlib import import_module
from typing import cast

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event
from starlette.types import Message, Scope

from ..conftest import PACKAGE, App, IsolatedSettings, create_app
from ..databases import make_database
from ..framework import client_for
from ..sessions import engine_of
from .posts import POSTS, create

SCOPE: Scope = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.3"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": f"{POSTS}/export",
    "query_string": b"",
    "headers": [(b"host", b"localhost")],
}


@pytest.fixture
def app() -> App:
    return create_app(IsolatedSettings(database_url=make_database("export"), log_level="WARNING"))


async def export_and_leave(app: App) -> None:
    """Be a client that leaves as the first posts come."""
    begun = asyncio.Event()

    async def receive() -> Message:
        await begun.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message.get("body"):
            begun.set()

    await app({**SCOPE}, receive, send)


def test_client_that_leaves_costs_no_connection(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module(f"{PACKAGE}.posts.queries"), "EXPORT_BATCH", 1)
    made: list[object] = []
    event.listen(engine_of(app), "connect", lambda connection, record: made.append(connection))

    with client_for(app) as client:
        for number in range(3):
            create(client, slug=f"post-{number}")
        portal = cast(TestClient, client).portal
        assert portal
        portal.call(export_and_leave, app)
        assert client.get(POSTS).status_code == 200

    assert len(made) == 1
