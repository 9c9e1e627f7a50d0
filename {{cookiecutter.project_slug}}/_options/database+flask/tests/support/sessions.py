"""Session helpers of the shared tests for Flask."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import httpx2
from flask import Flask as App
from flask import Response, jsonify
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import InvalidRequestError
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
    engine: Engine = app.extensions["database"].engine
    return engine


@contextmanager
def held_connection(app: App, client: httpx2.Client) -> Iterator[Connection]:
    """Check a connection out of the application's pool."""
    with app.extensions["database"].engines["write"].connect() as connection:
        yield connection


@contextmanager
def rolled_back(app: App, client: httpx2.Client) -> Iterator[None]:
    """Run all sessions of the application in one transaction, and roll it back."""
    with held_connection(app, client) as connection:
        connection.begin()
        with patch.object(
            app.extensions["database"],
            "make_session",
            lambda kind: Session(
                connection,
                join_transaction_mode="create_savepoint",
                expire_on_commit=False,
                close_resets_only=False,
            ),
        ):
            yield
        connection.rollback()


def route_statements(
    app: App,
    path: str,
    statements: Sequence[str],
    method: str = "GET",
    error: Exception | None = None,
    status: int = 200,
) -> None:
    """Add an endpoint that executes statements and returns the last value, or raises an error."""

    def view() -> Any:
        value = execute(database.get_session(), statements)
        if error:
            raise error
        return jsonify(value), status

    app.add_url_rule(path, path, view, methods=[method])


def route_change(app: App, path: str, change: Callable[[Session], None]) -> None:
    """Add an endpoint that changes objects in the session of a safe request."""

    def read() -> Any:
        change(database.get_session())
        return jsonify(None)

    app.add_url_rule(path, path, read)


def route_late_use(app: App, path: str, statement: str, errors: list[str]) -> None:
    """Add an endpoint that executes a statement, and again while it streams the response."""

    def use() -> Response:
        session: Session = database.get_session()
        session.execute(text(statement))

        def late() -> Iterator[str]:
            yield "first"
            try:
                session.execute(text(statement))
            except InvalidRequestError as error:
                errors.append(str(error))
                raise

        return Response(late())

    app.add_url_rule(path, path, use, methods=["POST"])


def route_work(app: App, path: str, statements: Sequence[str], method: str = "POST") -> None:
    """Add an endpoint that executes statements in a retried unit of work; return the last value."""

    def run() -> Response:
        return jsonify(app.extensions["database"].run(lambda session: execute(session, statements)))

    app.add_url_rule(path, path, run, methods=[method])


def run_in_unit_of_work(
    app: App,
    client: httpx2.Client,
    statements: Sequence[str],
    kind: str = "write",
    error: Exception | None = None,
) -> Any:
    """Execute statements in a separate unit of work; return the last value and the session."""
    with app.extensions["database"].begin(kind) as session:
        value = execute(session, statements)
        if error:
            raise error
    return value, session


def execute(session: Session, statements: Sequence[str]) -> object:
    """Execute statements; return the value of the last one."""
    for statement in statements:
        result: Any = session.execute(text(statement))
    return result.scalar() if result.returns_rows else None


def is_session_closed(app: App, client: httpx2.Client, session: Session) -> bool:
    """Return whether a session is permanently closed."""
    try:
        session.execute(text("SELECT 1"))
    except InvalidRequestError as error:
        return "permanently closed" in str(error)
    return False


def route_stream(app: App, path: str, statement: str, times: int) -> None:
    """Add an endpoint that executes a statement several times and streams the values."""

    def stream() -> Response:
        first = database.get_stream_session().scalar(text(statement))
        session = database.get_stream_session()

        def values() -> Iterator[str]:
            yield f"{first}\n"
            for _ in range(times - 1):
                yield f"{session.scalar(text(statement))}\n"

        return Response(values())

    app.add_url_rule(path, path, stream)
