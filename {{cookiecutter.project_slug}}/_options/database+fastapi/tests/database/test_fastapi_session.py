"""Sessions in FastAPI: streams, cancellation, the pool, background tasks, WebSockets."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from time import monotonic
from typing import Any, cast

import httpx2
import pytest
from anyio.from_thread import BlockingPortal
from fastapi import BackgroundTasks, Request, WebSocket
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.testclient import WebSocketDenialResponse
from starlette.types import Message, Scope

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.database import session as database

from ..support.databases import make_database
from ..support.embedded import UNREACHABLE_URL
from ..support.framework import App, client_for, route
from ..support.sessions import get_engine, route_statements, route_stream, run_in_unit_of_work
from ..support.settings import IsolatedSettings

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


def get_portal(client: httpx2.Client) -> BlockingPortal:
    """Return the portal to the event loop of a test client."""
    portal = cast(TestClient, client).portal
    assert portal
    return portal


def connections_in_use(app: App) -> int:
    """Return the number of connections that are checked out of the pool."""
    pool: Any = get_engine(app).pool
    count: int = pool.checkedout()
    return count


async def fail_while_streaming() -> StreamingResponse:
    async def chunks() -> AsyncIterator[str]:
        yield "first"
        raise OperationalError("", {}, Exception("connection lost"))

    return StreamingResponse(chunks())


async def disconnect_while_streaming(app: App) -> list[bytes]:
    """Disconnect after the first chunk of a stream; return the chunks that were sent."""
    started = asyncio.Event()
    sent: list[bytes] = []

    async def receive() -> Message:
        await started.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message.get("body"):
            started.set()
            sent.append(message["body"])

    await app({**SCOPE}, receive, send)
    return sent


def test_error_while_streaming_reaches_the_server(app: App) -> None:
    route(app, "/stream", fail_while_streaming)

    with (
        TestClient(app, base_url="http://localhost") as client,
        pytest.raises(RuntimeError, match="response already started"),
    ):
        client.get("/stream")


def test_disconnect_ends_a_stream_and_leaks_no_connection(app: App) -> None:
    route_stream(app, "/stream", "SELECT 1", 3)
    opened: list[object] = []
    event.listen(get_engine(app), "connect", lambda *connection: opened.append(connection))

    with client_for(app) as client:
        sent = get_portal(client).call(disconnect_while_streaming, app)
        assert client.get("/stream").text == "1\n" * 3

    assert sent == [b"1\n"]
    assert len(opened) == 1


async def acquisition_order(app: App, cancelled: int) -> list[int]:
    """Acquire the only connection in several tasks, cancel one; return the order of acquisition."""
    order: list[int] = []

    async def acquire(number: int) -> None:
        async with app.state.database.begin("read") as session:
            await session.execute(text("SELECT 1"))
            order.append(number)

    async with app.state.database.begin("read") as holder:
        await holder.execute(text("SELECT 1"))
        tasks = []
        for number in range(6):
            tasks.append(asyncio.create_task(acquire(number)))
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        tasks[cancelled].cancel()
    await acquire(6)
    await asyncio.gather(*tasks, return_exceptions=True)
    return order


@pytest.mark.parametrize("cancelled", [0, 3])
def test_connections_are_acquired_in_order(cancelled: int) -> None:
    app = create_app(IsolatedSettings(database_pool_size=1))

    with client_for(app) as client:
        order = get_portal(client).call(acquisition_order, app, cancelled)

        assert order == [number for number in range(7) if number != cancelled]
        assert connections_in_use(app) == 0


async def cancel_tasks(app: App) -> None:
    """Cancel tasks that use a connection or wait for one."""

    async def work() -> None:
        async with app.state.database.begin() as session:
            await session.execute(text("SELECT 1"))
            await asyncio.sleep(60)

    tasks = [asyncio.create_task(work()) for _ in range(3)]
    await asyncio.sleep(0.05)
    for task in tasks:
        task.cancel()
    assert {type(each) for each in await asyncio.gather(*tasks, return_exceptions=True)} == {
        asyncio.CancelledError
    }


def test_cancelled_tasks_leak_no_connection() -> None:
    app = create_app(IsolatedSettings(database_pool_size=2, database_pool_timeout=0.5))
    route_statements(app, "/one", ["SELECT 1"])

    with client_for(app) as client:
        for _ in range(3):
            get_portal(client).call(cancel_tasks, app)
        get_portal(client).call(asyncio.sleep, 0.01)
        assert connections_in_use(app) == 0
        with ThreadPoolExecutor(2) as pool:
            assert {each.status_code for each in pool.map(client.get, ["/one"] * 10)} == {200}


@asynccontextmanager
async def held_connections(app: App, count: int) -> AsyncIterator[None]:
    """Check several connections out of the pool."""
    async with AsyncExitStack() as stack:
        for _ in range(count):
            session = await stack.enter_async_context(app.state.database.begin("read"))
            await session.execute(text("SELECT 1"))
        yield


async def use_connections(app: App, count: int) -> None:
    """Check several connections out of the pool and return them."""
    async with held_connections(app, count):
        pass


async def cancel_waiting_tasks(app: App, pool_size: int) -> None:
    """Cancel tasks that wait for a connection or have just acquired one; time out another task."""
    async with held_connections(app, pool_size):
        waiting = [asyncio.create_task(use_connections(app, 1)) for _ in range(4)]
        await asyncio.sleep(0.01)
        for task in waiting:
            task.cancel()
        with pytest.raises(PoolTimeoutError):
            await use_connections(app, 1)
        waiting += [asyncio.create_task(use_connections(app, 1)) for _ in range(pool_size)]
        await asyncio.sleep(0.01)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


def test_pool_size_is_unchanged_after_cancelled_and_timed_out_tasks() -> None:
    app = create_app(IsolatedSettings(database_pool_size=2, database_pool_timeout=0.2))

    with client_for(app) as client:
        for _ in range(3):
            get_portal(client).call(cancel_waiting_tasks, app, 2)
            get_portal(client).call(use_connections, app, 2)
            with pytest.raises(PoolTimeoutError, match="no connection was free"):
                get_portal(client).call(use_connections, app, 3)
        assert connections_in_use(app) == 0


def test_failed_connection_blocks_no_other_task() -> None:
    app = create_app(
        IsolatedSettings.model_validate(
            {"database_url": UNREACHABLE_URL, "database_pool_size": 1, "database_pool_timeout": 5}
        )
    )
    route_statements(app, "/one", ["SELECT 1"])

    with client_for(app) as client:
        started = monotonic()
        assert {client.get("/one").status_code for _ in range(5)} == {503}

    # Otherwise, four requests would wait for the pool timeout.
    assert monotonic() - started < 10


async def upload(app: App, parts: int) -> int:
    """Send a body in parts of a mebibyte; return the peak memory usage."""
    sent: list[Message] = []
    remaining = parts

    async def receive() -> Message:
        nonlocal remaining
        remaining -= 1
        return {"type": "http.request", "body": bytes(2**20), "more_body": remaining > 0}

    async def send(message: Message) -> None:
        sent.append(message)

    tracemalloc.start()
    await app({**SCOPE, "method": "PUT", "path": "/upload"}, receive, send)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sent[-1]["body"] == f"{parts * 2**20}".encode()
    return peak


def test_body_is_not_kept_in_memory() -> None:
    async def count(request: Request, session: AsyncSession) -> int:
        await session.execute(text("SELECT 1"))
        return sum([len(part) async for part in request.stream()])

    count.__annotations__["session"] = database.SessionDep
    app = create_app(IsolatedSettings(max_body_size=2**30))
    app.add_api_route("/upload", count, methods=["PUT"])

    with client_for(app) as client:
        assert get_portal(client).call(upload, app, 32) < 8 * 2**20


CREATE = "CREATE TABLE visits (path VARCHAR(20))"
INSERT = "INSERT INTO visits VALUES ('/')"
COUNT = "SELECT count(*) FROM visits"


def test_background_task_requires_a_separate_unit_of_work(caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(IsolatedSettings(database_url=make_database()))

    async def write_in_separate_unit() -> None:
        async with database.get_database(app).begin() as session:
            await session.execute(text(INSERT))

    async def write_in_closed_session(session: AsyncSession) -> None:
        await session.execute(text(INSERT))

    async def visit(session: AsyncSession, tasks: BackgroundTasks) -> None:
        await session.execute(text(INSERT))
        tasks.add_task(write_in_separate_unit)
        tasks.add_task(write_in_closed_session, session)

    visit.__annotations__["session"] = database.SessionDep
    app.add_api_route("/visit", visit, methods=["POST"], status_code=202)

    with client_for(app) as client:
        run_in_unit_of_work(app, client, [CREATE])
        for _ in range(20):
            assert client.post("/visit").status_code == 202
        assert run_in_unit_of_work(app, client, [COUNT], "read")[0] == 40
    assert caplog.text.count("This Session has been permanently closed") == 20
    assert connections_in_use(app) == 0


def test_websocket_uses_a_unit_of_work_for_each_message() -> None:
    app = create_app(IsolatedSettings(database_url=make_database(), database_pool_size=1))

    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        async for message in websocket.iter_text():
            async with database.get_database(app).begin() as session:
                await session.execute(text(INSERT))
            await websocket.send_text(message)

    app.add_api_websocket_route("/socket", socket)

    with TestClient(app, base_url="http://localhost") as client:
        run_in_unit_of_work(app, client, [CREATE])
        with client.websocket_connect("ws://localhost/socket") as connection:
            for count in (1, 2):
                connection.send_text("visit")
                assert connection.receive_text() == "visit"
                assert run_in_unit_of_work(app, client, [COUNT], "read")[0] == count


def test_websocket_has_no_request_session(app: App, caplog: pytest.LogCaptureFixture) -> None:
    async def socket(websocket: WebSocket, session: AsyncSession) -> None:
        raise AssertionError("unreachable")

    socket.__annotations__["session"] = database.SessionDep
    app.add_api_websocket_route("/socket", socket)

    with (
        TestClient(app, base_url="http://localhost") as client,
        pytest.raises(WebSocketDenialResponse) as rejected,
        client.websocket_connect("ws://localhost/socket"),
    ):
        pass

    assert rejected.value.status_code == 500
    assert "use `async with database.begin()`" in caplog.text
