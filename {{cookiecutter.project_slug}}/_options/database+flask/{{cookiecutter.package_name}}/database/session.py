"""Database engine, sessions and units of work."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from random import uniform
from typing import Any, TypeVar
from weakref import finalize

from flask import Flask, Response, current_app, g, has_app_context, has_request_context, request
from flask.ctx import AppContext
from flask.typing import ResponseReturnValue
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from ..config import Settings
from ..web import health
from ..web.error_handlers import handle_problem
from ..web.problems import ProblemError
from .engine import EXECUTION_OPTIONS, Kind, engine_options, prepare, url_of
from .errors import (
    MAX_RETRY_DELAY,
    DatabaseError,
    SchemaOutdated,
    can_retry,
    may_be_outdated,
    raise_write_refused,
    reject_unflushed_changes,
    to_problem,
)
from .revisions import require_database, require_migrations

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
Result = TypeVar("Result")


class Database:
    """The connection pools of an application, and its units of work."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.is_migrated = settings, False
        url, options = url_of(settings, "{{ cookiecutter.__driver }}"), engine_options(settings)
        self.engine = create_engine(url, **options)
        self.engines = {
            kind: self.engine.execution_options(**options)
            for kind, options in EXECUTION_OPTIONS.items()
        }
        # A separate connection for /readyz: an instance whose connections are all in use is still ready.
        self.probe = create_engine(
            url, **options | {"pool_size": 1, "execution_options": EXECUTION_OPTIONS["read"]}
        )
        for engine in (self.engine, self.probe):
            prepare(engine)
            event.listen(engine, "handle_error", raise_write_refused)

    @contextmanager
    def begin(self, kind: Kind = "write") -> Iterator[Session]:
        """Begin a unit of work: commit at its end, roll back on any error, and close its session permanently.

        `write` is one transaction. `read` executes each statement in autocommit mode, and `snapshot` all of them in one
        read-only transaction; both raise WriteRefused on a write.
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
                reject_unflushed_changes(session)
        finally:
            session.close()

    def run(self, work: Callable[[Session], Result]) -> Result:
        """Return the result of `work(session)` in a unit of work, and retry it after a deadlock or a lost connection.

        `work` is called up to MAX_ATTEMPTS times, so any other side effects that it has may be repeated.
        """
        attempt = 1
        while True:
            try:
                with self.begin() as session:
                    return work(session)
            except DBAPIError as error:
                if not can_retry(error, attempt):
                    raise
            time.sleep(uniform(0, MAX_RETRY_DELAY * attempt))  # noqa: S311  # not a secret
            attempt += 1

    def make_session(self, kind: Kind) -> Session:
        """Create the session of a unit of work, which raises an error if it is used after close()."""
        return Session(self.engines[kind], expire_on_commit=False, close_resets_only=False)

    def ping(self) -> None:
        """Execute a trivial statement; raise an error if the database is unavailable or lacks migrations."""
        if not self.is_migrated:
            self.require_migrations()
            self.is_migrated = True
        with self.probe.connect() as connection:
            connection.execute(text("SELECT 1"))

    def require_migrations(self) -> None:
        """Raise SchemaOutdated if the database does not exist or lacks migrations."""
        require_database(self.settings)
        with self.probe.connect() as connection:
            require_migrations(connection, self.settings)

    def cause_of(self, error: DatabaseError) -> DatabaseError | SchemaOutdated:
        """Return SchemaOutdated if missing migrations have caused an error, or else the error."""
        try:
            require_database(self.settings)
            if may_be_outdated(error):
                self.require_migrations()
        except (SchemaOutdated, DBAPIError, PoolTimeoutError) as cause:
            return cause
        return error

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()
        self.probe.dispose()


class ContextUnit:
    """The unit of work of a request or an application context, which begins when its session is first used."""

    def __init__(self, database: Database, kind: Kind) -> None:
        self.database, self.kind = database, kind
        self.sessions: dict[Kind, Session] = {}
        self.work, self.streams = ExitStack(), ExitStack()
        self.is_ended = False

    def session(self, kind: Kind, stack: ExitStack) -> Session:
        """Return the session of a kind; begin it on the first call."""
        if kind not in self.sessions:
            self.sessions[kind] = stack.enter_context(self.database.begin(kind))
        return self.sessions[kind]

    def end(self, error: BaseException | None = None) -> None:
        """Commit, or roll back after an error; the unit of work cannot be used afterwards."""
        try:
            if not self.is_ended:
                self.is_ended = True
                self.work.__exit__(
                    type(error) if error else None, error, getattr(error, "__traceback__", None)
                )
        finally:
            if error:
                self.streams.close()


UNIT: ContextVar[ContextUnit] = ContextVar("UNIT")


class TransactionalFlask(Flask):
    """A Flask application in which each request is one unit of work, `before_request` and `after_request` included.

    The next version of Flask passes the context of the request to these methods, as `ctx`.
    """

    def full_dispatch_request(self, *ctx: AppContext) -> Response:
        """Commit after the last `after_request` function; handle an error of the commit like any other error."""
        kind: Kind = "read" if request.method in SAFE_METHODS else "write"
        g._unit_of_work = unit = ContextUnit(get_database(self), kind)
        outer = UNIT.set(unit)
        try:
            response = super().full_dispatch_request(*ctx)
            try:
                unit.end()
            except Exception as error:
                app: Any = self  # The types are those of this version.
                response = app.finalize_request(*ctx, app.handle_user_exception(*ctx, error))
            response.call_on_close(unit.streams.close)
            return response
        except BaseException as error:
            unit.end(error)
            raise
        finally:
            UNIT.reset(outer)

    def preprocess_request(self, *ctx: AppContext) -> ResponseReturnValue | None:
        """End the unit of work with an error of a hook, before any error handler is called."""
        with ended_by_errors():
            return super().preprocess_request(*ctx)

    def dispatch_request(self, *ctx: AppContext) -> ResponseReturnValue:
        """End the unit of work with an error of the view, before any error handler is called."""
        with ended_by_errors():
            return super().dispatch_request(*ctx)


@contextmanager
def ended_by_errors() -> Iterator[None]:
    """Roll back the request's unit of work after an error, or commit it if the error has `keeps_changes`."""
    try:
        yield
    except Exception as error:
        # Tests and extensions may dispatch a request without a unit of work.
        if unit := UNIT.get(None):
            unit.end(error)
        raise


def init_app(app: Flask, settings: Settings) -> None:
    """Add the database to the application, with its readiness check and error handlers."""
    app.extensions["database"] = database = Database(settings)
    health.get_checks(app).add("database", database.ping)
    # Flask has no shutdown event: close the connections when the application is garbage-collected.
    finalize(app, database.dispose)
    app.teardown_appcontext(end_context_unit)
    app.shell_context_processor(lambda: {"database": database, "get_session": get_session})
    app.register_error_handler(DBAPIError, handle_database_error)
    app.register_error_handler(PoolTimeoutError, handle_database_error)


def handle_database_error(error: DatabaseError) -> Response:
    """Respond 409 to a violated constraint, 503 if the database is unavailable or lacks migrations; reraise other errors."""
    cause = get_database(current_app).cause_of(error)
    return handle_problem(to_problem(cause))


def get_database(app: Flask) -> Database:
    """Return the application's database."""
    database: Database = app.extensions["database"]
    return database


def get_session() -> Session:
    """Return the session of the request's unit of work, which ends before the response is sent.

    A safe request (GET, HEAD, OPTIONS) is of the kind `read`, any other one `write`.
    """
    unit = current_unit()
    return unit.session(unit.kind, unit.work)


def get_stream_session() -> Session:
    """Return a session of the kind `snapshot`, which stays open until the response is sent."""
    unit = current_unit()
    return unit.session("snapshot", unit.streams)


def current_unit() -> ContextUnit:
    """Return the unit of work of the request, or of an application context without one; raise RuntimeError after its end."""
    unit = UNIT.get(None)
    if unit is None and has_app_context() and not has_request_context():
        unit = g.setdefault("_unit_of_work", ContextUnit(get_database(current_app), "write"))
    if unit is None or unit.is_ended:
        raise RuntimeError(
            "no unit of work: this code runs outside of a request, or after its unit of work;"
            " use `with database.begin() as session`"
        )
    return unit


def end_context_unit(error: BaseException | None) -> None:
    """Commit the unit of work of an application context, or roll back after an error; that of a request has ended."""
    unit: ContextUnit | None = g.get("_unit_of_work")
    if unit and not unit.is_ended:
        unit.end(error)
        unit.streams.close()
