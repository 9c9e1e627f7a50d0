"""Database engine, sessions and units of work."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import uniform
from typing import Annotated, Any, TypeVar

from anyio import CancelScope, Semaphore, WouldBlock, fail_after
from anyio.lowlevel import checkpoint_if_cancelled
from fastapi import Depends, FastAPI, Request, Response
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry
from sqlalchemy.util import await_
from starlette.requests import HTTPConnection

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
Part = TypeVar("Part")
Result = TypeVar("Result")


class FairPool(AsyncAdaptedQueuePool):
    """A connection pool that serves tasks in the order of arrival, which the pool of SQLAlchemy does not."""

    # SQLAlchemy derives the name of the logger from it.
    __module__ = AsyncAdaptedQueuePool.__module__

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._turns = Semaphore(self.size(), fast_acquire=True)

    def _do_get(self) -> ConnectionPoolEntry:
        try:
            self._turns.acquire_nowait()
        except WouldBlock:
            await_(self._wait())
        try:
            return super()._do_get()
        except BaseException:
            self._turns.release()
            raise

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        super()._do_return_conn(record)
        self._turns.release()

    async def _wait(self) -> None:
        try:
            with fail_after(self._timeout):
                await self._turns.acquire()
        except TimeoutError:
            raise PoolTimeoutError(f"no connection was free for {self._timeout} s") from None


class Database:
    """The connection pools of an application, and its units of work."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.is_migrated = settings, False
        url, options = url_of(settings, "{{ cookiecutter.__driver }}"), engine_options(settings)
        self.engine = create_async_engine(url, poolclass=FairPool, **options)
        self.engines = {
            kind: self.engine.execution_options(**options)
            for kind, options in EXECUTION_OPTIONS.items()
        }
        # A separate connection for /readyz: an instance whose connections are all in use is still ready.
        self.probe = create_async_engine(
            url, **options | {"pool_size": 1, "execution_options": EXECUTION_OPTIONS["read"]}
        )
        for engine in (self.engine.sync_engine, self.probe.sync_engine):
            prepare(engine)
            event.listen(engine, "handle_error", raise_write_refused)

    @asynccontextmanager
    async def begin(self, kind: Kind = "write") -> AsyncIterator[AsyncSession]:
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
                    await session.commit()
                raise
            if kind == "write":
                await session.commit()
            else:
                reject_unflushed_changes(session.sync_session)
        finally:
            with CancelScope(shield=True):
                await session.close()

    async def run(self, work: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
        """Return the result of `work(session)` in a unit of work, and retry it after a deadlock or a lost connection.

        `work` is called up to MAX_ATTEMPTS times, so any other side effects that it has may be repeated.
        """
        attempt = 1
        while True:
            try:
                async with self.begin() as session:
                    return await work(session)
            except DBAPIError as error:
                if not can_retry(error, attempt):
                    raise
            await asyncio.sleep(uniform(0, MAX_RETRY_DELAY * attempt))  # noqa: S311  # not a secret
            attempt += 1

    def make_session(self, kind: Kind) -> AsyncSession:
        """Create the session of a unit of work, which raises an error if it is used after close()."""
        return AsyncSession(self.engines[kind], expire_on_commit=False, close_resets_only=False)

    async def ping(self) -> None:
        """Execute a trivial statement; raise an error if the database is unavailable or lacks migrations."""
        if not self.is_migrated:
            await self.require_migrations()
            self.is_migrated = True
        async with self.probe.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def require_migrations(self) -> None:
        """Raise SchemaOutdated if the database does not exist or lacks migrations."""
        require_database(self.settings)
        async with self.probe.connect() as connection:
            await connection.run_sync(require_migrations, self.settings)

    async def cause_of(self, error: DatabaseError) -> DatabaseError | SchemaOutdated:
        """Return SchemaOutdated if missing migrations have caused an error, or else the error."""
        try:
            require_database(self.settings)
            if may_be_outdated(error):
                await self.require_migrations()
        except (SchemaOutdated, DBAPIError, PoolTimeoutError) as cause:
            return cause
        return error

    async def dispose(self) -> None:
        """Close all connections."""
        await self.engine.dispose()
        await self.probe.dispose()


def init_app(app: FastAPI, settings: Settings) -> None:
    """Add the database to the application, with its readiness check and error handlers."""
    app.state.database = database = Database(settings)
    health.get_checks(app).add("database", database.ping)
    app.exception_handler(DBAPIError)(handle_database_error)
    app.exception_handler(PoolTimeoutError)(handle_database_error)


async def handle_database_error(request: Request, error: DatabaseError) -> Response:
    """Respond 409 to a violated constraint, 503 if the database is unavailable or lacks migrations; reraise other errors."""
    cause = await get_database(request.app).cause_of(error)
    return await handle_problem(request, to_problem(cause))


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Close the connections when the application shuts down."""
    yield
    await get_database(app).dispose()


def get_database(app: FastAPI) -> Database:
    """Return the application's database."""
    database: Database = app.state.database
    return database


async def get_session(connection: HTTPConnection) -> AsyncIterator[AsyncSession]:
    """Return the session of the request's unit of work, which ends before the response is sent.

    A safe request (GET, HEAD, OPTIONS) is of the kind `read`, any other one `write`.
    """
    if connection.scope["type"] != "http":
        raise RuntimeError("a WebSocket has no unit of work: use `async with database.begin()`")
    kind: Kind = "read" if connection.scope["method"] in SAFE_METHODS else "write"
    async with get_database(connection.app).begin(kind) as session:
        yield session


async def get_stream_session(request: Request) -> AsyncIterator[AsyncSession]:
    """Return a session of the kind `snapshot`, which stays open until the response is sent."""
    async with get_database(request.app).begin("snapshot") as session:
        yield session


async def shielded(parts: AsyncIterator[Part]) -> AsyncIterator[Part]:
    """Yield the parts of a stream, and never cancel in the middle of a fetch: cancel between two of them.

    A fetch that is cancelled leaves the connection in an unknown state, so the pool would have to discard it.
    """
    while True:
        with CancelScope(shield=True):
            try:
                part = await anext(parts)
            except StopAsyncIteration:
                return
        # Without this the stream would continue to its end: servers accept data for disconnected clients at once.
        await checkpoint_if_cancelled()
        yield part


SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]
StreamSessionDep = Annotated[AsyncSession, Depends(get_stream_session, scope="request")]
