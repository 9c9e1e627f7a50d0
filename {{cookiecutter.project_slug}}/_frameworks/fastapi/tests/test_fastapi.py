"""What FastAPI and Starlette leave to the application, or do in their own way."""

from collections.abc import AsyncIterator, Iterator

import pytest
from fastapi import HTTPException, Response
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from starlette.types import Receive, Scope, Send

from .conftest import App, IsolatedSettings, Schema, create_app
from .framework import client_for, route, route_body


class Answer(Schema):
    number: int


class ResponseWithMore(Response):
    """A response that sends a message of another kind than its start and its body."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        info = {"template": "of no page", "context": {}}
        await send({"type": "http.response.debug", "info": info})
        await super().__call__(scope, receive, send)


async def more() -> Response:
    return ResponseWithMore(b"answer")


async def break_off() -> StreamingResponse:
    async def chunks() -> AsyncIterator[str]:
        yield "begun"
        raise RuntimeError("in the middle of it")

    return StreamingResponse(chunks())


async def be_odd() -> None:
    raise HTTPException(499, "Nobody knows this status.")


async def not_modified() -> None:
    raise HTTPException(304)


def test_error_in_the_middle_of_a_response_reaches_the_server(app: App) -> None:
    route(app, "/break", break_off)

    with (
        TestClient(app, base_url="http://localhost") as client,
        pytest.raises(RuntimeError, match="in the middle of it"),
    ):
        client.get("/break")


def test_status_that_is_no_error_has_no_problem(app: App) -> None:
    route(app, "/unchanged", not_modified)

    with client_for(app) as client:
        response = client.get("/unchanged")

    assert response.status_code == 304
    assert response.content == b""


def test_status_that_nobody_knows_is_a_problem(app: App) -> None:
    route(app, "/odd", be_odd)

    with client_for(app) as client:
        response = client.get("/odd")

    assert response.status_code == response.json()["status"] == 499
    assert response.json()["detail"] == "Nobody knows this status."


def test_messages_of_other_kinds_pass(app: App) -> None:
    route(app, "/more", more)

    with client_for(app) as client:
        assert client.get("/more").content == b"answer"


def test_head_is_head_to_the_server_and_ends_a_stream(app: App) -> None:
    made: list[str] = []
    methods: list[str] = []

    async def stream() -> StreamingResponse:
        async def chunks() -> AsyncIterator[str]:
            for _ in range(3):
                made.append("chunk")
                yield "chunk"

        return StreamingResponse(chunks())

    async def server(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)
        methods.append(scope["method"])

    route(app, "/stream", stream)

    response = TestClient(server, base_url="http://localhost").head("/stream")

    assert (response.status_code, response.content) == (200, b"")
    assert made == ["chunk"]
    assert methods == ["HEAD"]


def test_body_of_unknown_length_is_counted() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"[1,"
        yield b"2,"
        yield b"3456789]"

    app = create_app(IsolatedSettings(max_body_size=10))
    route_body(app, "/echo", list[int])

    with client_for(app) as client:
        response = client.post("/echo", content=chunks())
        nowhere = client.post("/nowhere", content=chunks())

    assert response.status_code == 413
    assert response.json()["title"] == "Content Too Large"
    assert nowhere.status_code == 404


def test_methods_of_all_routes_of_a_path_are_allowed(app: App) -> None:
    route(app, "/things", not_modified)
    route_body(app, "/things", Answer)
    app.add_api_route("/things", not_modified, methods=["DELETE", "PATCH", "PUT"], name="others")

    with client_for(app) as client:
        response = client.request("TRACE", "/things")

    assert response.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"


def test_response_that_does_not_fit_is_logged_without_its_data(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    async def leak() -> object:
        return {"number": "hunter2"}

    app.add_api_route("/leak", leak, response_model=Answer)

    with client_for(app) as client:
        response = client.get("/leak")

    assert response.status_code == 500
    assert response.json()["title"] == "Internal Server Error"
    assert "'number'" in caplog.text
    assert "hunter2" not in caplog.text
