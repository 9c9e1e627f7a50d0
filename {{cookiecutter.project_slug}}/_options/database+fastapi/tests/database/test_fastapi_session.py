"""What FastAPI leaves to the application when the database fails, or a client leaves."""

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
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.testclient import WebSocketDenialResponse
from starlette.types import Message, Scope

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.database import session as database

from ..support.databases import make_empty_database
from ..support.embedded import NOWHERE
from ..support.framework import App, client_for, route
from ..support.sessions import engine_of, in_unit, route_statements, route_stream
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


def portal_of(client: httpx2.Client) -> BlockingPortal:
    """Return the way into the event loop of a client."""
    portal = cast(TestClient, client).portal
    assert portal
    return portal


def connections_in_use(app: App) -> int:
    """Count the connections that are not in their pool."""
    pool: Any = engine_of(app).pool
    count: int = pool.checkedout()
    return count


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
        pytest.raises(RuntimeError, match="response already started"),
    ):
        client.get("/break")


def test_client_that_leaves_ends_a_stream_and_costs_no_connection(app: App) -> None:
    route_stream(app, "/stream", "SELECT 1", 3)
    made: list[object] = []
    event.listen(engine_of(app), "connect", lambda *connection: made.append(connection))

    with client_for(app) as client:
        sent = portal_of(client).call(leave_a_stream, app)
        assert client.get("/stream").text == "1\n" * 3

    assert sent == [b"1\n"]
    assert len(made) == 1


async def in_turn(app: App, cancelled: int) -> list[int]:
    """Let tasks wait for the one connection, one of them be cancelled, and who has it ask for it again at once."""
    order: list[int] = []

    async def ask(number: int) -> None:
        async with app.state.database.begin("read") as session:
            await session.execute(text("SELECT 1"))
            order.append(number)

    async with app.state.database.begin("read") as holder:
        await holder.execute(text("SELECT 1"))
        tasks = []
        for number in range(6):
            tasks.append(asyncio.create_task(ask(number)))
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        tasks[cancelled].cancel()
    await ask(6)
    await asyncio.gather(*tasks, return_exceptions=True)
    return order


@pytest.mark.parametrize("cancelled", [0, 3])
def test_connections_are_given_in_the_order_of_arrival(cancelled: int) -> None:
    app = create_app(IsolatedSettings(database_pool_size=1))

    with client_for(app) as client:
        order = portal_of(client).call(in_turn, app, cancelled)

        assert order == [number for number in range(7) if number != cancelled]
        assert connections_in_use(app) == 0


async def cancel_at_work(app: App) -> None:
    """Cancel a task that works with a connection, and one that has none yet."""

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


def test_tasks_that_are_cancelled_cost_no_connection() -> None:
    app = create_app(IsolatedSettings(database_pool_size=2, database_pool_timeout=0.5))
    route_statements(app, "/one", ["SELECT 1"])

    with client_for(app) as client:
        for _ in range(3):
            portal_of(client).call(cancel_at_work, app)
        portal_of(client).call(asyncio.sleep, 0.01)
        assert connections_in_use(app) == 0
        with ThreadPoolExecutor(2) as pool:
            assert {each.status_code for each in pool.map(client.get, ["/one"] * 10)} == {200}


@asynccontextmanager
async def connections(app: App, count: int) -> AsyncIterator[None]:
    """Have some connections at once."""
    async with AsyncExitStack() as stack:
        for _ in range(count):
            session = await stack.enter_async_context(app.state.database.begin("read"))
            await session.execute(text("SELECT 1"))
        yield


async def take(app: App, count: int) -> None:
    """Have some connections at once, and return them."""
    async with connections(app, count):
        pass


async def wait_in_vain(app: App, pool_size: int) -> None:
    """Let tasks be cancelled while they wait for a connection, or as they are given one; let one be served too late."""
    async with connections(app, pool_size):
        waiting = [asyncio.create_task(take(app, 1)) for _ in range(4)]
        await asyncio.sleep(0.01)
        for task in waiting:
            task.cancel()
        with pytest.raises(NoConnectionLeft):
            await take(app, 1)
        waiting += [asyncio.create_task(take(app, 1)) for _ in range(pool_size)]
        await asyncio.sleep(0.01)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


def test_pool_has_as_many_connections_after_tasks_that_waited_in_vain() -> None:
    app = create_app(IsolatedSettings(database_pool_size=2, database_pool_timeout=0.2))

    with client_for(app) as client:
        for _ in range(3):
            portal_of(client).call(wait_in_vain, app, 2)
            portal_of(client).call(take, app, 2)
            with pytest.raises(NoConnectionLeft, match="no connection was free"):
                portal_of(client).call(take, app, 3)
        assert connections_in_use(app) == 0


def test_connection_that_cannot_be_made_takes_no_turn() -> None:
    app = create_app(
        IsolatedSettings.model_validate(
            {"database_url": NOWHERE, "database_pool_size": 1, "database_pool_timeout": 5}
        )
    )
    route_statements(app, "/one", ["SELECT 1"])

    with client_for(app) as client:
        started = monotonic()
        assert {client.get("/one").status_code for _ in range(5)} == {503}

    # Four of them would wait for a turn.
    assert monotonic() - started < 10


async def upload(app: App, parts: int) -> int:
    """Send a body in parts of a megabyte, and return the most memory that this has taken."""
    sent: list[Message] = []
    left = parts

    async def receive() -> Message:
        nonlocal left
        left -= 1
        return {"type": "http.request", "body": bytes(2**20), "more_body": left > 0}

    async def send(message: Message) -> None:
        sent.append(message)

    tracemalloc.start()
    await app({**SCOPE, "method": "PUT", "path": "/upload"}, receive, send)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sent[-1]["body"] == f"{parts * 2**20}".encode()
    return peak


def test_body_is_not_kept() -> None:
    async def count(request: Request, session: AsyncSession) -> int:
        await session.execute(text("SELECT 1"))
        return sum([len(part) async for part in request.stream()])

    count.__annotations__["session"] = database.SessionDep
    app = create_app(IsolatedSettings(max_body_size=2**30))
    app.add_api_route("/upload", count, methods=["PUT"])

    with client_for(app) as client:
        assert portal_of(client).call(upload, app, 32) < 8 * 2**20


CREATE = "CREATE TABLE visits (path VARCHAR(20))"
INSERT = "INSERT INTO visits VALUES ('/')"
COUNT = "SELECT count(*) FROM visits"


def test_task_after_the_answer_has_a_unit_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(IsolatedSettings(database_url=make_empty_database()))

    async def own() -> None:
        async with database.get_database(app).begin() as session:
            await session.execute(text(INSERT))

    async def late(session: AsyncSession) -> None:
        await session.execute(text(INSERT))

    async def visit(session: AsyncSession, tasks: BackgroundTasks) -> None:
        await session.execute(text(INSERT))
        tasks.add_task(own)
        tasks.add_task(late, session)

    visit.__annotations__["session"] = database.SessionDep
    app.add_api_route("/visit", visit, methods=["POST"], status_code=202)

    with client_for(app) as client:
        in_unit(app, client, [CREATE])
        for _ in range(20):
            assert client.post("/visit").status_code == 202
        assert in_unit(app, client, [COUNT], "read")[0] == 40
    assert caplog.text.count("This Session has been permanently closed") == 20
    assert connections_in_use(app) == 0


def test_websocket_has_a_unit_for_each_message() -> None:
    app = create_app(IsolatedSettings(database_url=make_empty_database(), database_pool_size=1))

    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        async for message in websocket.iter_text():
            async with database.get_database(app).begin() as session:
                await session.execute(text(INSERT))
            await websocket.send_text(message)

    app.add_api_websocket_route("/socket", socket)

    with TestClient(app, base_url="http://localhost") as client:
        in_unit(app, client, [CREATE])
        with client.websocket_connect("ws://localhost/socket") as connection:
            for count in (1, 2):
                connection.send_text("visit")
                assert connection.receive_text() == "visit"
                assert in_unit(app, client, [COUNT], "read")[0] == count


def test_websocket_has_no_unit_of_work(app: App, caplog: pytest.LogCaptureFixture) -> None:
    async def socket(websocket: WebSocket, session: AsyncSession) -> None:
        raise AssertionError("is not reached")

    socket.__annotations__["session"] = database.SessionDep
    app.add_api_websocket_route("/socket", socket)

    with (
        TestClient(app, base_url="http://localhost") as client,
        pytest.raises(WebSocketDenialResponse) as refused,
        client.websocket_connect("ws://localhost/socket"),
    ):
        pass

    assert refused.value.status_code == 500
    assert "use `async with database.begin()`" in caplog.text
