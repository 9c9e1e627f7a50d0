"""What the shared tests have to know about FastAPI's sessions."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, cast
from unittest.mock import patch

import httpx2
from fastapi import FastAPI as App
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

__all__ = [
    "engine_of",
    "held_connection",
    "rolled_back",
    "route_echo",
    "route_object",
    "route_statements",
    "route_stream",
]


def engine_of(app: App) -> Engine:
    """Return the engine of the application, to count what it does."""
    engine: Engine = app.state.database.engine.sync_engine
    return engine


@contextmanager
def held_connection(app: App, client: httpx2.Client) -> Iterator[AsyncConnection]:
    """Keep a connection of the application's pool."""
    portal = cast(TestClient, client).portal
    assert portal
    connection: AsyncConnection = portal.call(app.state.database.engines["write"].connect().start)
    try:
        yield connection
    finally:
        portal.call(connection.close)


@contextmanager
def rolled_back(app: App, client: httpx2.Client) -> Iterator[None]:
    """Let all sessions of the application work in one transaction, and undo it."""
    portal = cast(TestClient, client).portal
    assert portal
    with held_connection(app, client) as connection:
        portal.call(connection.begin().start)
        with patch.object(
            app.state.database,
            "session",
            lambda kind=None: AsyncSession(
                connection, join_transaction_mode="create_savepoint", expire_on_commit=False
            ),
        ):
            yield
        portal.call(connection.rollback)


def route_statements(
    app: App,
    path: str,
    statements: Sequence[str],
    method: str = "GET",
    error: Exception | None = None,
) -> None:
    """Let a path execute statements in the session of its request, and send the last value or fail."""
    database = import_module(f"{app.state.database.__module__}")

    async def execute(session: Any) -> Any:
        for statement in statements:
            result = await session.execute(text(statement))
        if error:
            raise error
        return result.scalar() if result.returns_rows else None

    execute.__annotations__ = {"session": database.SessionDep}
    app.add_api_route(path, execute, methods=[method], response_model=None, name=path)


def route_object(app: App, path: str, make: Callable[[], object]) -> None:
    """Let a path add an object to the session of its request, and leave it at that."""
    database = import_module(f"{app.state.database.__module__}")

    async def add(session: Any) -> None:
        session.add(make())

    add.__annotations__ = {"session": database.SessionDep}
    app.add_api_route(path, add, response_model=None, name=path)


def route_echo(app: App, path: str) -> None:
    """Let a path execute a statement, and send the body of a PUT back."""
    database = import_module(f"{app.state.database.__module__}")

    async def echo(body: list[int], session: Any) -> list[int]:
        await session.execute(text("SELECT 1"))
        return body

    echo.__annotations__["session"] = database.SessionDep
    app.add_api_route(path, echo, methods=["PUT"], name=path)


def route_stream(app: App, path: str, statement: str, times: int) -> None:
    """Let a path execute a statement again and again, in one snapshot, and stream its value."""
    database = import_module(f"{app.state.database.__module__}")

    async def stream(session: Any) -> StreamingResponse:
        first = await session.scalar(text(statement))

        async def values() -> AsyncIterator[str]:
            yield f"{first}\n"
            for _ in range(times - 1):
                yield f"{await session.scalar(text(statement))}\n"

        return StreamingResponse(database.unbroken(values()))

    stream.__annotations__["session"] = database.StreamSessionDep
    app.add_api_route(path, stream, response_model=None, name=path)
