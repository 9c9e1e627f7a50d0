"""Calls of the functions of jobs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any

import anyio.from_thread
from sqlalchemy.ext.asyncio import AsyncSession

from ..config import Settings
from ..database.session import Database
from .blocking import BlockingDatabase
from .functions import JobFunction
from .models import Job
from .runs import Attempt, Run


@dataclass
class AsyncRun(Attempt):
    """The first argument of a coroutine function that is a job; its sessions are of the class `AsyncSession`."""

    database: Database

    @asynccontextmanager
    async def end(self) -> AsyncIterator[AsyncSession]:
        """Begin the transaction that ends the job: its own writes and its end are one commit.

        Raises LeaseLost, and writes nothing, if another worker has taken the job.
        """
        async with self.database.begin() as session:
            await session.run_sync(self.record_success)
            yield session
        self.is_ended = True


class Caller:
    """Calls plain functions in the thread of their job, and coroutine functions on an event loop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.blocking, self.database = BlockingDatabase(settings), Database(settings)

    def open(self) -> None:
        """Start the event loop, in a thread."""
        self.stack = ExitStack()
        self.portal = self.stack.enter_context(anyio.from_thread.start_blocking_portal())

    def close(self) -> None:
        """Close all connections and stop the event loop."""
        self.portal.call(self.database.dispose)
        self.blocking.dispose()
        self.stack.close()

    def attempt(self, function: JobFunction[Any], job: Job) -> Attempt:
        """Return the first argument of a function for an attempt."""
        if iscoroutinefunction(function.function):
            return AsyncRun(job.id, job.attempts, self.settings, self.database)
        return Run(job.id, job.attempts, self.settings, self.blocking)

    def call(self, function: JobFunction[Any], run: Attempt, arguments: dict[str, Any]) -> None:
        """Call a function and wait for its end; cancel a coroutine at its time limit."""
        if isinstance(run, AsyncRun):
            self.portal.call(self.await_call, function, run, arguments)
        else:
            function(run, **arguments)

    async def await_call(
        self, function: JobFunction[Any], run: AsyncRun, arguments: dict[str, Any]
    ) -> None:
        """Await a coroutine function within its time limit."""
        coroutine: Any = function(run, **arguments)
        async with asyncio.timeout(function.time_limit):
            await coroutine
