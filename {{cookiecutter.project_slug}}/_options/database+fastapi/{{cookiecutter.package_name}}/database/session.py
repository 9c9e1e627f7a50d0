"""The database: the engine, and the units of work that a session belongs to."""

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
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry
from sqlalchemy.util import await_
from starlette.requests import HTTPConnection

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
Part = TypeVar("Part")
Result = TypeVar("Result")


class FairPool(AsyncAdaptedQueuePool):
    """A pool that serves in the order of arrival; SQLAlchemy's lets newcomers overtake tasks that wait."""

    # Its logger is one of SQLAlchemy's.
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
            raise NoConnectionLeft(f"no connection was free for {self._timeout} s") from None


class Database:
    """The engine, and the units of work that are done with it."""

    def __init__(self, settings: Settings) -> None:
        url, options = url_of(settings, "{{ cookiecutter.__driver }}"), options_of(settings)
        self.engine = create_async_engine(url, poolclass=FairPool, **options)
        self.engines = {
            kind: self.engine.execution_options(**options) for kind, options in KINDS.items()
        }
        # For readiness: an instance whose connections are all busy is not out of order.
        self.probe = create_async_engine(
            url, **options | {"pool_size": 1, "execution_options": KINDS["read"]}
        )
        for engine in (self.engine.sync_engine, self.probe.sync_engine):
            prepare(engine)
            event.listen(engine, "handle_error", refuse_write)

    @asynccontextmanager
    async def begin(self, kind: Kind = "write") -> AsyncIterator[AsyncSession]:
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
                    await session.commit()
                raise
            if kind == "write":
                await session.commit()
            else:
                refuse_changes(session.sync_session)
        finally:
            with CancelScope(shield=True):
                await session.close()

    async def run(self, work: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
        """Return what `work(session)` does in a unit of work, which begins anew after a deadlock or a broken connection.

        It is called three times at most, so what it does besides using its session may happen as often.
        """
        attempt = 1
        while True:
            try:
                async with self.begin() as session:
                    return await work(session)
            except DBAPIError as error:
                if not can_be_repeated(error, attempt):
                    raise
            await asyncio.sleep(uniform(0, PAUSE * attempt))  # noqa: S311  # no secret
            attempt += 1

    def make_session(self, kind: Kind) -> AsyncSession:
        """Make the session of a unit of work, which cannot be used after its end."""
        return AsyncSession(self.engines[kind], expire_on_commit=False, close_resets_only=False)

    async def ping(self) -> None:
        """Raise an error where the database does not answer."""
        async with self.probe.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def dispose(self) -> None:
        """Close the connections."""
        await self.engine.dispose()
        await self.probe.dispose()


def init_app(app: FastAPI, settings: Settings) -> None:
    """Give the application its database, and an answer to its errors."""
    app.state.database = database = Database(settings)
    health.get_checks(app).add("database", database.ping)
    app.exception_handler(DBAPIError)(answer_database_error)
    app.exception_handler(NoConnectionLeft)(answer_database_error)


async def answer_database_error(request: Request, error: DatabaseError) -> Response:
    """Answer 409 for a constraint and 503 while the database is not available; anything else is a bug."""
    return await answer_problem(request, problem_of(error))


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Close the connections when the application ends."""
    yield
    await get_database(app).dispose()


def get_database(app: FastAPI) -> Database:
    """Return the application's database."""
    database: Database = app.state.database
    return database


async def get_session(connection: HTTPConnection) -> AsyncIterator[AsyncSession]:
    """Give a request the session of its unit of work, which ends before the answer is sent.

    A safe request only reads, each statement by itself; any other request is a transaction.
    """
    if connection.scope["type"] != "http":
        raise RuntimeError("a WebSocket has no unit of work: use `async with database.begin()`")
    kind: Kind = "read" if connection.scope["method"] in SAFE_METHODS else "write"
    async with get_database(connection.app).begin(kind) as session:
        yield session


async def get_stream_session(request: Request) -> AsyncIterator[AsyncSession]:
    """Give a request a session that sees one snapshot, and stays open until the answer was sent."""
    async with get_database(request.app).begin("snapshot") as session:
        yield session


async def unbroken(parts: AsyncIterator[Part]) -> AsyncIterator[Part]:
    """Give what is read in a stream; a client that leaves ends it between two reads, never within one.

    A read that is cancelled costs the connection: nobody knows what state it is in.
    """
    while True:
        with CancelScope(shield=True):
            try:
                part = await anext(parts)
            except StopAsyncIteration:
                return
        # Servers take what nobody reads without waiting: it would go on to the end of the table.
        await checkpoint_if_cancelled()
        yield part


SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]
StreamSessionDep = Annotated[AsyncSession, Depends(get_stream_session, scope="request")]
