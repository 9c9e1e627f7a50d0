"""What the shared tests have to know about Flask's sessions."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any
from unittest.mock import patch

import httpx2
from flask import Flask as App
from flask import Response, jsonify, request
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

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
    engine: Engine = app.extensions["database"].engine
    return engine


@contextmanager
def held_connection(app: App, client: httpx2.Client) -> Iterator[Connection]:
    """Keep a connection of the application's pool."""
    with app.extensions["database"].engines["write"].connect() as connection:
        yield connection


@contextmanager
def rolled_back(app: App, client: httpx2.Client) -> Iterator[None]:
    """Let all sessions of the application work in one transaction, and undo it."""
    with held_connection(app, client) as connection:
        connection.begin()
        with patch.object(
            app.extensions["database"],
            "session",
            lambda kind=None: Session(
                connection, join_transaction_mode="create_savepoint", expire_on_commit=False
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
) -> None:
    """Let a path execute statements in the session of its request, and send the last value or fail."""
    database = import_module(f"{app.import_name}.database")

    def execute() -> Any:
        session = database.get_session()
        for statement in statements:
            result = session.execute(text(statement))
        if error:
            raise error
        return jsonify(result.scalar() if result.returns_rows else None)

    app.add_url_rule(path, path, execute, methods=[method])


def route_object(app: App, path: str, make: Callable[[], object]) -> None:
    """Let a path add an object to the session of its request, and leave it at that."""
    database = import_module(f"{app.import_name}.database")

    def add() -> Any:
        database.get_session().add(make())
        return jsonify(None)

    app.add_url_rule(path, path, add)


def route_echo(app: App, path: str) -> None:
    """Let a path execute a statement, and send the body of a PUT back."""
    database = import_module(f"{app.import_name}.database")

    def echo() -> Any:
        for _ in range(2):
            database.get_session().execute(text("SELECT 1"))
        return jsonify(request.get_json())

    app.add_url_rule(path, path, echo, methods=["PUT"])


def route_stream(app: App, path: str, statement: str, times: int) -> None:
    """Let a path execute a statement again and again, in one snapshot, and stream its value."""
    database = import_module(f"{app.import_name}.database")

    def stream() -> Response:
        first = database.get_stream_session().scalar(text(statement))
        session = database.get_stream_session()

        def values() -> Iterator[str]:
            yield f"{first}\n"
            for _ in range(times - 1):
                yield f"{session.scalar(text(statement))}\n"

        return Response(values())

    app.add_url_rule(path, path, stream)
