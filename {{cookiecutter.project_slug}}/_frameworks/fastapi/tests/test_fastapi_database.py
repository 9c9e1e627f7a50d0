"""What FastAPI leaves to the application when the database fails, or a client leaves."""

import asyncio
from collections.abc import AsyncIterator
from importlib import import_module
from typing import cast

import pytest
from fastapi import Response
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from starlette.types import Message, Receive, Scope, Send

from .conftest import PACKAGE, App
from .framework import client_for, route
from .sessions import engine_of, route_stream

SCOPE: Scope = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.3"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/stream",
    "query_string": b"",
    "headers": [(b"host", b"localhost")],
}


async def break_off() -> StreamingResponse:
    async def chunks() -> AsyncIterator[str]:
        yield "begun"
        raise OperationalError("", {}, Exception("gone"))

    return StreamingResponse(chunks())


async def leave_a_stream(app: App) -> list[bytes]:
    """Be a client that leaves as soon as something comes; return what the server was given for it."""
    begun = asyncio.Event()
    sent: list[bytes] = []

    async def receive() -> Message:
        await begun.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message.get("body"):
            begun.set()
            sent.append(message["body"])

    await app({**SCOPE}, receive, send)
    return sent


def test_error_in_the_middle_of_a_response_reaches_the_server(app: App) -> None:
    route(app, "/break", break_off)

    with (
        TestClient(app, base_url="http://localhost") as client,
        pytest.raises(OperationalError, match="gone"),
    ):
        client.get("/break")


def test_client_that_leaves_ends_a_stream_and_costs_no_connection(app: App) -> None:
    route_stream(app, "/stream", "SELECT 1", 3)
    made: list[object] = []
    event.listen(engine_of(app), "connect", lambda *connection: made.append(connection))

    with client_for(app) as client:
        portal = cast(TestClient, client).portal
        assert portal
        sent = portal.call(leave_a_stream, app)
        assert client.get("/stream").text == "1\n" * 3

    assert sent == [b"1\n"]
    assert len(made) == 1


def test_request_to_a_mounted_application_may_be_repeated(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    roots: list[str] = []

    async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
        roots.append(scope["root_path"])
        if len(roots) < 3:
            raise OperationalError("", {}, Exception("deadlock"))
        await Response("done")(scope, receive, send)

    monkeypatch.setattr(
        import_module(f"{PACKAGE}.database_errors"), "is_transient", lambda error: True
    )
    app.mount("/mounted", mounted)

    with client_for(app) as client:
        assert client.get("/mounted/path").text == "done"

    assert roots == ["/mounted"] * 3
