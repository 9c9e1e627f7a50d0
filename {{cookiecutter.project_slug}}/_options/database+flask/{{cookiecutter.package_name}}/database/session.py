"""The database: the engine, and the units of work that a session belongs to."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from random import uniform
from typing import TypeVar
from weakref import finalize

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from ..config import Settings
from ..web import health
from ..web.error_handlers import answer_problem
from ..web.problems import ProblemError
from .engine import KINDS, Kind, options_of, prepare, url_of
from .errors import (
    PAUSE,
    DatabaseError,
    can_be_repeated,
    problem_of,
    refuse_changes,
    refuse_write,
)

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
Result = TypeVar("Result")


class Database:
    """The engine, and the units of work that are done with it."""

    def __init__(self, settings: Settings) -> None:
        url, options = url_of(settings, "{{ cookiecutter.__driver }}"), options_of(settings)
        self.engine = create_engine(url, **options)
        self.engines = {
            kind: self.engine.execution_options(**options) for kind, options in KINDS.items()
        }
        # For readiness: an instance whose connections are all busy is not out of order.
        self.probe = create_engine(
            url, **options | {"pool_size": 1, "execution_options": KINDS["read"]}
        )
        for engine in (self.engine, self.probe):
            prepare(engine)
            event.listen(engine, "handle_error", refuse_write)

    @contextmanager
    def begin(self, kind: Kind = "write") -> Iterator[Session]:
        """Begin a unit of work: committed at its end, rolled back on any error, and its session is closed for good.

        `read` reads each statement by itself and `snapshot` all of them in one state; both raise WriteRefused when they
        are to write.
        """
        session = self.make_session(kind)
        try:
            try:
                yield session
            except ProblemError as error:
                if error.keeps_changes:
                    session.commit()
                raise
            if kind == "write":
                session.commit()
            else:
                refuse_changes(session)
        finally:
            session.close()

    def run(self, work: Callable[[Session], Result]) -> Result:
        """Return what `work(session)` does in a unit of work, which begins anew after a deadlock or a broken connection.

        It is called three times at most, so what it does besides using its session may happen as often.
        """
        attempt = 1
        while True:
            try:
                with self.begin() as session:
                    return work(session)
            except DBAPIError as error:
                if not can_be_repeated(error, attempt):
                    raise
            time.sleep(uniform(0, PAUSE * attempt))  # noqa: S311  # no secret
            attempt += 1

    def make_session(self, kind: Kind) -> Session:
        """Make the session of a unit of work, which cannot be used after its end."""
        return Session(self.engines[kind], expire_on_commit=False, close_resets_only=False)

    def ping(self) -> None:
        """Raise an error where the database does not answer."""
        with self.probe.connect() as connection:
            connection.execute(text("SELECT 1"))

    def dispose(self) -> None:
        """Close the connections."""
        self.engine.dispose()
        self.probe.dispose()


class RequestUnit:
    """The unit of work of a request, which begins when its session is first asked for."""

    def __init__(self, database: Database, method: str) -> None:
        self.database = database
        self.kind: Kind = "read" if method in SAFE_METHODS else "write"
        self.sessions: dict[Kind, Session] = {}
        self.work, self.streams = ExitStack(), ExitStack()
        self.is_over = False

    def session(self, kind: Kind, stack: ExitStack) -> Session:
        """Return the session of a kind, begun once."""
        if kind not in self.sessions:
            self.sessions[kind] = stack.enter_context(self.database.begin(kind))
        return self.sessions[kind]

    def end(self, error: BaseException | None = None) -> None:
        """Commit, or roll back what an error has interrupted; nothing can be added afterwards."""
        try:
            if not self.is_over:
                self.is_over = True
                self.work.__exit__(
                    type(error) if error else None, error, getattr(error, "__traceback__", None)
                )
        finally:
            if error:
                self.streams.close()


UNIT: ContextVar[RequestUnit] = ContextVar("UNIT")


class TransactionalFlask(Flask):
    """A Flask in which each request is one unit of work, from its first hook to its last."""

    def full_dispatch_request(self) -> Response:
        """Commit after the last hook; a commit that fails is an error like any other."""
        unit = RequestUnit(get_database(self), request.method)
        outer = UNIT.set(unit)
        try:
            response = super().full_dispatch_request()
            try:
                unit.end()
            except Exception as error:
                response = self.finalize_request(self.handle_user_exception(error))
            response.call_on_close(unit.streams.close)
            return response
        except BaseException as error:
            unit.end(error)
            raise
        finally:
            UNIT.reset(outer)

    def handle_user_exception(self, e: Exception) -> HTTPException | ResponseReturnValue:
        """Roll back, or commit what the error keeps, before any error handler is called."""
        try:
            # Extensions may call this for an error of theirs that no request has raised.
            if unit := UNIT.get(None):
                unit.end(e)
        except Exception as error:
            return super().handle_user_exception(error)
        return super().handle_user_exception(e)


def init_app(app: Flask, settings: Settings) -> None:
    """Give the application its database, and an answer to its errors."""
    app.extensions["database"] = database = Database(settings)
    health.get_checks(app).add("database", database.ping)
    # Flask tells nobody when an application ends; connections end with it, or with the process.
    finalize(app, database.dispose)
    app.register_error_handler(DBAPIError, answer_database_error)
    app.register_error_handler(NoConnectionLeft, answer_database_error)


def answer_database_error(error: DatabaseError) -> Response:
    """Answer 409 for a constraint and 503 while the database is not available; anything else is a bug."""
    return answer_problem(problem_of(error))


def get_database(app: Flask) -> Database:
    """Return the application's database."""
    database: Database = app.extensions["database"]
    return database


def get_session() -> Session:
    """Give a request the session of its unit of work, which ends before the answer is sent.

    A safe request only reads, each statement by itself; any other request is a transaction.
    """
    unit = current_unit()
    return unit.session(unit.kind, unit.work)


def get_stream_session() -> Session:
    """Give a request a session that sees one snapshot, and stays open until the answer was sent."""
    unit = current_unit()
    return unit.session("snapshot", unit.streams)


def current_unit() -> RequestUnit:
    """Return the unit of work of the request; raise RuntimeError before its begin and after its end."""
    unit = UNIT.get(None)
    if unit is None or unit.is_over:
        raise RuntimeError(
            "no unit of work: this is outside of a request, after its end or after an error of it;"
            " use `with database.begin() as session`"
        )
    return unit
