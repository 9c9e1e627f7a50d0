"""Session helpers of the shared tests for FastAPI."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast
from unittest.mock import patch

import httpx2
from fastapi import FastAPI as App
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Session

from {{ cookiecutter.package_name }}.database import session as database

__all__ = [
    "get_engine",
    "held_connection",
    "is_session_closed",
    "rolled_back",
    "route_change",
    "route_late_use",
    "route_statements",
    "route_stream",
    "route_work",
    "run_in_unit_of_work",
]


def get_engine(app: App) -> Engine:
    """Return the engine of the application."""
    engine: Engine = app.state.database.engine.sync_engine
    return engine


@contextmanager
def held_connection(app: App, client: httpx2.Client) -> Iterator[AsyncConnection]:
    """Check a connection out of the application's pool."""
    portal = cast(TestClient, client).portal
    assert portal
    connection: AsyncConnection = portal.call(app.state.database.engines["write"].connect().start)
    try:
        yield connection
    finally:
        portal.call(connection.close)


@contextmanager
def rolled_back(app: App, client: httpx2.Client) -> Iterator[None]:
    """Run all sessions of the application in one transaction, and roll it back."""
    portal = cast(TestClient, client).portal
    assert portal
    with held_connection(app, client) as connection:
        portal.call(connection.begin().start)
        with patch.object(
            app.state.database,
            "make_session",
            lambda kind: AsyncSession(
                connection,
                join_transaction_mode="create_savepoint",
                expire_on_commit=False,
                close_resets_only=False,
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
    status: int = 200,
) -> None:
    """Add an endpoint that executes statements and returns the last value, or raises an error."""

    async def endpoint(session: Any) -> Any:
        value = await execute(session, statements)
        if error:
            raise error
        return value

    endpoint.__annotations__ = {"session": database.SessionDep}
    app.add_api_route(
        path, endpoint, methods=[method], response_model=None, status_code=status, name=path
    )


def route_change(app: App, path: str, change: Callable[[Session], None]) -> None:
    """Add an endpoint that changes objects in the session of a safe request."""

    async def read(session: Any) -> None:
        change(session.sync_session)

    read.__annotations__ = {"session": database.SessionDep}
    app.add_api_route(path, read, response_model=None, name=path)


def route_late_use(app: App, path: str, statement: str, errors: list[str]) -> None:
    """Add an endpoint that executes a statement, and again while it streams the response."""

    async def use(session: Any) -> StreamingResponse:
        await session.execute(text(statement))

        async def late() -> AsyncIterator[str]:
            yield "first"
            try:
                await session.execute(text(statement))
            except InvalidRequestError as error:
                errors.append(str(error))
                raise

        return StreamingResponse(late())

    use.__annotations__["session"] = database.SessionDep
    app.add_api_route(path, use, methods=["POST"], response_model=None, name=path)


def route_work(app: App, path: str, statements: Sequence[str], method: str = "POST") -> None:
    """Add an endpoint that executes statements in a retried unit of work; return the last value."""

    async def work(session: AsyncSession) -> object:
        return await execute(session, statements)

    async def run() -> object:
        result: object = await app.state.database.run(work)
        return result

    app.add_api_route(path, run, methods=[method], response_model=None, name=path)


def run_in_unit_of_work(
    app: App,
    client: httpx2.Client,
    statements: Sequence[str],
    kind: str = "write",
    error: Exception | None = None,
) -> Any:
    """Execute statements in a separate unit of work; return the last value and the session."""

    async def unit() -> tuple[object, AsyncSession]:
        async with app.state.database.begin(kind) as session:
            value = await execute(session, statements)
            if error:
                raise error
        return value, session

    portal = cast(TestClient, client).portal
    assert portal
    return portal.call(unit)


async def execute(session: AsyncSession, statements: Sequence[str]) -> object:
    """Execute statements; return the value of the last one."""
    for statement in statements:
        result: Any = await session.execute(text(statement))
    return result.scalar() if result.returns_rows else None


def is_session_closed(app: App, client: httpx2.Client, session: AsyncSession) -> bool:
    """Return whether a session is permanently closed."""
    portal = cast(TestClient, client).portal
    assert portal
    try:
        portal.call(session.execute, text("SELECT 1"))
    except InvalidRequestError as error:
        return "permanently closed" in str(error)
    return False


def route_stream(app: App, path: str, statement: str, times: int) -> None:
    """Add an endpoint that executes a statement several times and streams the values."""

    async def stream(session: Any) -> StreamingResponse:
        first = await session.scalar(text(statement))

        async def values() -> AsyncIterator[str]:
            yield f"{first}\n"
            for _ in range(times - 1):
                yield f"{await session.scalar(text(statement))}\n"

        return StreamingResponse(database.shielded(values()))

    stream.__annotations__["session"] = database.StreamSessionDep
    app.add_api_route(path, stream, response_model=None, name=path)
