"""The database: the engine, and the session that a request works in."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

from anyio import CancelScope
from anyio.lowlevel import checkpoint_if_cancelled
from fastapi import Depends, FastAPI, Request
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import health
from .config import Settings
from .database_errors import DATABASE_ERRORS, may_be_tried_again, problem_of
from .engine import KINDS, Kind, options_of, prepare, url_of
from .errors import answer_problem
from .problems import ProblemError

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
Part = TypeVar("Part")


class Database:
    """The engine, by itself for statements that are committed each, and the sessions made with it."""

    def __init__(self, settings: Settings) -> None:
        url = url_of(settings, "{{ cookiecutter.__driver }}")
        self.engine = create_async_engine(url, **options_of(settings))
        prepare(self.engine.sync_engine)
        self.engines = {
            kind: self.engine.execution_options(**options) for kind, options in KINDS.items()
        }

    def session(self, kind: Kind = "write") -> AsyncSession:
        """Make a session; close it, by `async with`, whatever happens."""
        return AsyncSession(self.engines[kind], expire_on_commit=False)

    async def ping(self) -> None:
        """Raise an error where the database does not answer."""
        async with self.session("read") as session:
            await session.execute(text("SELECT 1"))


def init_app(app: FastAPI, settings: Settings) -> None:
    """Give the application its database, and an answer to its errors."""
    app.state.database = database = Database(settings)
    health.get_checks(app).add("database", database.ping)
    app.add_middleware(DatabaseErrorMiddleware)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Close the connections when the application ends."""
    yield
    await get_database(app).engine.dispose()


def get_database(app: FastAPI) -> Database:
    """Return the application's database."""
    database: Database = app.state.database
    return database


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    """Give a request its session, committed before the answer is sent, rolled back on any error.

    What a safe request reads, it reads statement by statement; any other request is a transaction.
    """
    kind: Kind = "read" if request.method in SAFE_METHODS else "write"
    async with get_database(request.app).session(kind) as session:
        try:
            yield session
        except ProblemError as error:
            if error.keeps_changes:
                await session.commit()
            raise
        if has_to_commit(session, request.method):
            await session.commit()


def has_to_commit(session: AsyncSession, method: str) -> bool:
    """Tell whether anything is left to store: what a safe request has said was committed at once."""
    return method not in SAFE_METHODS or bool(session.new or session.dirty or session.deleted)


async def get_stream_session(request: Request) -> AsyncIterator[AsyncSession]:
    """Give a request a session that sees one snapshot, and stays open until the answer was sent."""
    session = get_database(request.app).session("snapshot")
    try:
        yield session
    finally:
        with CancelScope(shield=True):
            await session.close()


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


class DatabaseErrorMiddleware:
    """Answer errors of the database; repeat a request where that is safe, and can help."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = RepeatableExchange(receive, send)
        # Routing writes into it where it has arrived, and would go on from there.
        unrouted = {**scope}
        attempt = 0
        while True:
            attempt += 1
            try:
                await self.app(scope, exchange.receive, exchange.send)
                return
            except DATABASE_ERRORS as error:
                if exchange.begun:
                    raise
                if may_be_tried_again(error, scope["method"], attempt):
                    exchange.rewind()
                    scope.clear()
                    scope.update(unrouted)
                    continue
                response = await answer_problem(Request(scope), problem_of(error))
                await response(scope, receive, send)
                return


class RepeatableExchange:
    """A request whose body can be read again, as long as no response was begun."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self.receive_on, self.send_on = receive, send
        self.begun = False
        self.received: list[Message] = []
        self.to_receive: list[Message] = []

    async def receive(self) -> Message:
        """Give the parts of the body again, then the rest of it."""
        if self.to_receive:
            return self.to_receive.pop(0)
        self.received.append(await self.receive_on())
        return self.received[-1]

    def send(self, message: Message) -> Awaitable[None]:
        """Take note of the response."""
        self.begun = True
        return self.send_on(message)

    def rewind(self) -> None:
        """Begin again."""
        self.to_receive = self.received.copy()
