"""Behaviour specific to FastAPI and Starlette."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from logging.config import dictConfig
from pathlib import Path
from threading import Event
from time import perf_counter
from typing import Any

import httpx2
import pytest
from fastapi import (
    APIRouter,
    BackgroundTasks,
    Depends,
    FastAPI,
    HTTPException,
    Request,
    Response,
)
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security import APIKeyHeader
from fastapi.sse import EventSourceResponse
from fastapi.staticfiles import StaticFiles
from fastapi.testclient import TestClient
from starlette.routing import Route, Router
from starlette.types import Message, Receive, Scope, Send

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.observability.requests import RequestRecord
from {{ cookiecutter.package_name }}.openapi.document import OPTIONAL
from {{ cookiecutter.package_name }}.web.health import get_checks
from {{ cookiecutter.package_name }}.web.requests import StrictRoute
from {{ cookiecutter.package_name }}.web.schemas import Schema

from .support.framework import App, client_for, route, route_body
from .support.serving import Client, logged_statuses, running_server
from .support.settings import IsolatedSettings


class Item(Schema):
    number: int


class ResponseWithDebugMessage(Response):
    """A response that also sends a debug message."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        info = {"template": "page.html", "context": {}}
        await send({"type": "http.response.debug", "info": info})
        await super().__call__(scope, receive, send)


class EchoResponse(Response):
    """A response that streams the body of its request."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        async for part in Request(scope, receive).stream():
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def test_other_servers_log_no_access_lines(app: App, caplog: pytest.LogCaptureFixture) -> None:
    # uvicorn configures its logs later if a program passes it the application.
    loggers = {"uvicorn.access": {"level": "INFO"}}
    dictConfig({"version": 1, "disable_existing_loggers": False, "loggers": loggers})

    logging.getLogger("uvicorn.access").info("a request")

    assert caplog.messages == []


async def create_item(body: Item) -> Item:
    return body


async def echo_number(number: int) -> int:
    return number


async def echo() -> Response:
    return EchoResponse()


async def echo_in_a_stream(request: Request) -> Response:
    return StreamingResponse(request.stream())


async def send_debug_message() -> Response:
    return ResponseWithDebugMessage(b"body")


async def fail_while_streaming() -> StreamingResponse:
    async def chunks() -> AsyncIterator[str]:
        yield "first"
        raise RuntimeError("after the first chunk")

    return StreamingResponse(chunks())


async def raise_unregistered_status() -> None:
    raise HTTPException(499, "The status is not registered.")


async def raise_not_modified() -> None:
    raise HTTPException(304)


def lax_routes(app: App) -> list[str | None]:
    """Return the paths of routes that accept JSON with duplicate names."""
    return [
        each.path
        for each in iter_route_contexts(app.routes)
        if isinstance(each.route, APIRoute)
        and each.body_field
        and not isinstance(each.route, StrictRoute)
    ]


def test_every_router_with_bodies_has_strict_routes(app: App) -> None:
    lax, strict = APIRouter(prefix="/lax"), APIRouter(prefix="/strict", route_class=StrictRoute)
    assert lax_routes(app) == []

    for router in (lax, strict):
        router.add_api_route("/items", create_item, methods=["POST"])
        app.include_router(router)

    assert lax_routes(app) == ["/lax/items"]


def test_error_while_streaming_reaches_the_server(app: App) -> None:
    route(app, "/stream", fail_while_streaming)

    with (
        TestClient(app, base_url="http://localhost") as client,
        pytest.raises(RuntimeError, match="after the first chunk"),
    ):
        client.get("/stream")


def test_status_304_has_no_body(app: App) -> None:
    route(app, "/not-modified", raise_not_modified)

    with client_for(app) as client:
        response = client.get("/not-modified")

    assert response.status_code == 304
    assert response.content == b""


def test_unregistered_status_is_a_problem(app: App) -> None:
    route(app, "/unregistered", raise_unregistered_status)

    with client_for(app) as client:
        response = client.get("/unregistered")

    assert response.status_code == response.json()["status"] == 499
    assert response.json()["detail"] == "The status is not registered."


def test_other_asgi_messages_are_forwarded(app: App) -> None:
    route(app, "/debug", send_debug_message)

    with client_for(app) as client:
        assert client.get("/debug").content == b"body"


def test_head_closes_a_stream_and_keeps_its_method(app: App) -> None:
    produced: list[str] = []
    methods: list[str] = []

    async def stream() -> StreamingResponse:
        async def chunks() -> AsyncIterator[str]:
            for _ in range(3):
                produced.append("chunk")
                yield "chunk"

        return StreamingResponse(chunks())

    async def server(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)
        methods.append(scope["method"])

    route(app, "/stream", stream)

    response = TestClient(server, base_url="http://localhost").head("/stream")

    assert (response.status_code, response.content) == (200, b"")
    assert produced == ["chunk"]
    assert methods == ["HEAD"]


def test_head_closes_a_stream_in_a_task_group(app: App, caplog: pytest.LogCaptureFixture) -> None:
    async def events() -> AsyncIterator[str]:
        while True:
            yield "event"

    async def server(scope: Scope, receive: Receive, send: Send) -> None:
        # Since spec version 2.4, streams do not wait for a disconnect.
        await app({**scope, "asgi": {"version": "3.0", "spec_version": "2.4"}}, receive, send)

    app.add_api_route("/events", events, response_class=EventSourceResponse)

    response = TestClient(server, base_url="http://localhost").head("/events")

    assert (response.status_code, response.content) == (200, b"")
    assert [each for each in caplog.records if each.levelname == "ERROR"] == []


@pytest.mark.parametrize("path", ["/chunks", "/events", "/idle"])
def test_head_of_a_stream_logs_no_error(
    path: str,
    production_settings: dict[str, object],
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = create_app(IsolatedSettings.model_validate(production_settings))
    closed = Event()

    async def chunks() -> AsyncIterator[str]:
        try:
            while path != "/idle":
                yield "chunk"
                await asyncio.sleep(0)
            await asyncio.Event().wait()
        finally:
            closed.set()

    async def stream() -> Response:
        return StreamingResponse(chunks(), media_type="text/event-stream")

    route(app, "/chunks", stream)
    route(app, "/idle", stream)
    app.add_api_route("/events", chunks, response_class=EventSourceResponse)

    with running_server(app) as port, Client(port) as client:
        client.send(f"HEAD {path} HTTP/1.1", "Connection: close")
        head, _, body = client.receive().partition(b"\r\n\r\n")
        assert closed.wait(10)

    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"content-type: text/event-stream" in head
    assert body == b""
    assert [each for each in caplog.records if each.levelname == "ERROR"] == []
    assert logged_statuses(capsys.readouterr().err) == [200]


@pytest.mark.parametrize("endpoint", [echo, echo_in_a_stream])
def test_too_large_body_after_the_response_start_closes_the_connection(
    endpoint: Any,
    production_settings: dict[str, object],
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = create_app(IsolatedSettings.model_validate(production_settings | {"max_body_size": 10}))
    app.add_api_route("/echo", endpoint, methods=["POST"], response_model=None)

    with running_server(app) as port, Client(port) as client:
        client.send("POST /echo HTTP/1.1", "Transfer-Encoding: chunked")
        assert client.socket.recv(4096).startswith(b"HTTP/1.1 200 ")
        client.socket.sendall(b"b\r\ntoo much of\r\n")

        assert client.receive() == b""
    assert [each for each in caplog.records if each.exc_info] == []
    assert logged_statuses(capsys.readouterr().err) == [200]


def test_disconnect_during_the_body_logs_no_error(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    reading, ended = Event(), Event()

    async def read(request: Request) -> None:
        reading.set()
        try:
            await request.body()
        finally:
            ended.set()

    app.add_api_route("/read", read, methods=["POST"])

    with running_server(app) as port:
        with Client(port) as client:
            client.send("POST /read HTTP/1.1", "Content-Length: 9", body=b"half")
            assert reading.wait(10)
        assert ended.wait(10)

    assert [each for each in caplog.records if each.levelname == "ERROR"] == []


def test_request_ends_before_its_background_tasks(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    records: list[RequestRecord] = []
    ended_before_task: list[RequestRecord] = []
    app.state.observers.append(records.append)

    async def fail() -> None:
        ended_before_task.extend(records)
        raise RuntimeError("in the background")

    async def accept(tasks: BackgroundTasks) -> str:
        tasks.add_task(fail)
        return "accepted"

    app.add_api_route("/accept", accept)

    with running_server(app) as port, Client(port) as client:
        client.send("GET /accept HTTP/1.1", "Connection: close")
        assert client.receive().endswith(b'"accepted"')

    assert [each.status for each in ended_before_task] == [200]
    assert records == ended_before_task
    (error,) = [each for each in caplog.records if each.levelname == "ERROR"]
    assert "in the background" in (error.exc_text or "")


def test_error_while_streaming_is_logged_once(app: App, caplog: pytest.LogCaptureFixture) -> None:
    route(app, "/stream", fail_while_streaming)

    with running_server(app) as port, Client(port) as client:
        client.send("GET /stream HTTP/1.1")
        assert not client.receive().endswith(b"0\r\n\r\n")

    assert len([each for each in caplog.records if each.levelname == "ERROR"]) == 1


@pytest.mark.parametrize("prefix", ["/shop", ""], ids=["kept by the proxy", "removed by the proxy"])
def test_urls_and_mounts_below_the_root_path(prefix: str, tmp_path: Path) -> None:
    app = create_app(IsolatedSettings(root_path="/shop"))
    (tmp_path / "a.txt").write_text("text")

    async def read_url(request: Request) -> str:
        assert request.scope["raw_path"] == b"/shop/url"
        return str(request.url)

    app.add_api_route("/url", read_url)
    app.mount("/files", StaticFiles(directory=tmp_path))
    app.mount("/below", create_app(IsolatedSettings()))

    with client_for(app) as client:
        assert client.get(f"{prefix}/url?a=1").json() == "http://localhost/shop/url?a=1"
        assert client.get(f"{prefix}/files/a.txt").text == "text"
        assert client.get(f"{prefix}/below/livez").status_code == 200


def test_document_describes_optional_security(app: App) -> None:
    key = APIKeyHeader(name="X-Key", scheme_name="Key")
    optional_key = APIKeyHeader(name="X-Key", scheme_name=f"Key{OPTIONAL}", auto_error=False)
    for path, schemes in {
        "/required": [key],
        "/optional": [optional_key],
        "/both": [optional_key, key],
        "/none": [],
    }.items():
        dependencies = [Depends(scheme) for scheme in schemes]
        app.add_api_route(path, raise_not_modified, name=path, dependencies=dependencies)

    with client_for(app) as client:
        documents = [client.get("/openapi.json").json() for _ in range(2)]

    assert documents[0] == documents[1]
    paths = documents[0]["paths"]
    assert paths["/required"]["get"]["security"] == [{"Key": []}]
    assert paths["/optional"]["get"]["security"] == [{"Key": []}, {}]
    assert paths["/both"]["get"]["security"] == [{"Key": []}]
    assert "security" not in paths["/none"]["get"]
    assert documents[0]["components"]["securitySchemes"]["Key"]["name"] == "X-Key"
    assert f"Key{OPTIONAL}" not in documents[0]["components"]["securitySchemes"]


def test_chunked_body_size_is_limited() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"[1,"
        yield b"2,"
        yield b"3456789]"

    app = create_app(IsolatedSettings(max_body_size=10))
    route_body(app, "/echo", list[int])

    with client_for(app) as client:
        response = client.post("/echo", content=chunks())
        unknown = client.post("/unknown", content=chunks())

    assert response.status_code == 413
    assert response.json()["title"] == "Content Too Large"
    assert unknown.status_code == 404


@pytest.mark.parametrize(
    "name",
    [b"host", b"origin", b"traceparent", b"x-forwarded-for", b"x-forwarded-proto", b"x-request-id"],
)
def test_many_headers_are_processed_quickly(name: bytes) -> None:
    app = create_app(IsolatedSettings.model_validate({"trusted_proxies": ["127.0.0.1"]}))
    sent: list[Message] = []
    scope: Scope = {
        "type": "http",
        "method": "GET",
        "path": "/livez",
        "query_string": b"",
        "client": ("127.0.0.1", 50000),
        "headers": [(b"host", b"localhost")] + [(name, b"x" * 128)] * 50_000,
    }

    async def receive() -> Message:
        raise AssertionError("the endpoint does not read the body")

    async def send(message: Message) -> None:
        sent.append(message)

    started = perf_counter()
    asyncio.run(app(scope, receive, send))

    assert perf_counter() - started < 1
    assert sent[0]["status"] == (400 if name == b"host" else 200)


def test_allow_lists_the_methods_of_all_routes(app: App) -> None:
    route(app, "/things", raise_not_modified)
    route_body(app, "/things", Item)
    app.add_api_route(
        "/things", raise_not_modified, methods=["DELETE", "PATCH", "PUT"], name="others"
    )

    with client_for(app) as client:
        response = client.request("TRACE", "/things")

    assert response.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"


@pytest.mark.parametrize("method", ["PUT", "OPTIONS"])
def test_allow_of_a_mounted_application_is_unchanged(method: str, app: App, tmp_path: Path) -> None:
    app.mount("/below", Router([Route("/livez", raise_not_modified, methods=["POST"])]))
    app.mount("/files", StaticFiles(directory=tmp_path))

    with client_for(app) as client:
        for path, allowed in {"/below/livez": "POST", "/files/livez": "GET, HEAD"}.items():
            response = client.request(method, path)

            assert (response.status_code, response.headers["Allow"]) == (405, allowed)


def test_allow_of_a_host_route_is_unchanged(app: App) -> None:
    app.host("localhost", Router([Route("/things", raise_not_modified, methods=["POST"])]))

    with client_for(app) as client:
        response = client.get("/things")

    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


def test_allow_of_a_mounted_service_is_complete(app: App) -> None:
    app.mount("/below", create_app(IsolatedSettings()))

    with client_for(app) as client:
        response = client.post("/below/livez")

    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_concurrent_probes_share_running_checks(app: App) -> None:
    received, checked = [], []

    async def probe_concurrently() -> list[int]:
        all_received, release = asyncio.Event(), asyncio.Event()

        async def check() -> None:
            checked.append("check")
            await release.wait()

        async def server(scope: Scope, receive: Receive, send: Send) -> None:
            received.append(scope["path"])
            if len(received) == 51:
                all_received.set()
            await app(scope, receive, send)

        get_checks(app).add("search", check, deadline=60)
        transport = httpx2.ASGITransport(server)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            first, *others = [asyncio.create_task(client.get("/readyz")) for _ in range(51)]
            await all_received.wait()
            for _ in range(100):
                await asyncio.sleep(0)
            first.cancel()
            await asyncio.sleep(0)
            release.set()
            return [response.status_code for response in await asyncio.gather(*others)]

    with TestClient(app, base_url="http://localhost") as client:
        assert client.portal
        assert client.portal.call(probe_concurrently) == [200] * 50
        assert checked == ["check"]
        assert client.get("/readyz").status_code == 200
    assert checked == ["check"] * 2


def test_invalid_response_is_logged_without_its_data(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    async def leak() -> object:
        return {"number": "hunter2"}

    app.add_api_route("/leak", leak, response_model=Item)

    with client_for(app) as client:
        response = client.get("/leak")

    assert response.status_code == 500
    assert response.json()["title"] == "Internal Server Error"
    assert "'number'" in caplog.text
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize("detail", [{"an": "object"}, ["a list"]])
def test_error_with_another_detail_than_text_is_a_problem_without_it(
    app: App, detail: object
) -> None:
    def fail() -> None:
        raise HTTPException(404, detail)

    route(app, "/missing", fail)

    with client_for(app) as client:
        response = client.get("/missing")

    assert response.status_code == 404
    assert "detail" not in response.json()


def test_template_of_a_mounted_path_has_its_prefix(app: App, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    inner = FastAPI()
    inner.add_api_route("/items/{number}", echo_number)
    router = APIRouter(prefix="/more")
    router.add_api_route("/items/{number}", echo_number)
    inner.include_router(router)
    app.mount("/files", StaticFiles(directory=tmp_path))
    app.mount("/shops/{shop}", inner)
    records: list[RequestRecord] = []
    app.state.observers.append(records.append)

    with client_for(app) as client:
        paths = ["/files/a.txt", "/shops/one/items/1", "/shops/one/more/items/1", "/shops/one/none"]
        for path in paths:
            client.get(path)

    assert [record.route for record in records] == [
        "/files/{path}",
        "/shops/{shop}/items/{number}",
        "/shops/{shop}/more/items/{number}",
        "/shops/{shop}/{path}",
    ]
