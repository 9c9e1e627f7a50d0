"""Calls of the functions of jobs."""

import asyncio
from inspect import iscoroutine
from typing import Any

from ..config import Settings
from .blocking import BlockingDatabase
from .functions import JobFunction
from .models import Job
from .runs import Attempt, Run


class Caller:
    """Calls plain functions in the thread of their job, and coroutine functions on an event loop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.blocking = BlockingDatabase(settings)

    def open(self) -> None:
        """Prepare for calls: connections open when they are needed."""

    def close(self) -> None:
        """Close all connections."""
        self.blocking.dispose()

    def attempt(self, function: JobFunction[Any], job: Job) -> Attempt:
        """Return the first argument of a function for an attempt."""
        return Run(job.id, job.attempts, self.settings, self.blocking)

    def call(self, function: JobFunction[Any], run: Attempt, arguments: dict[str, Any]) -> None:
        """Call a function and wait for its end; cancel a coroutine at its time limit."""
        result = function(run, **arguments)
        if iscoroutine(result):
            asyncio.run(asyncio.wait_for(result, function.time_limit))
