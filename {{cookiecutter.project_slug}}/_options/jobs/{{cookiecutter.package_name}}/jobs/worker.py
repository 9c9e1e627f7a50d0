"""The worker: takes due jobs, and runs each in a thread."""

import logging
from collections.abc import Sequence
from contextvars import copy_context
from datetime import datetime, timedelta
from random import uniform
from threading import Event, Thread
from time import monotonic
from traceback import format_exception_only
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ..config import PROJECT, Settings
from ..database.base import now
from ..database.engine import is_unavailable
from ..observability import context
from . import queries
from .calls import Caller
from .functions import JobFunction
from .models import Job, Status
from .runs import Attempt, LeaseLost, PermanentError
from .schedules import Schedules

logger = logging.getLogger(__name__)

# Seconds between two looks into the table.
POLL_INTERVAL = 0.5
# Seconds between two attempts to reach a database that is unavailable.
OUTAGE_INTERVAL = 5
# Seconds after the time limit of a job: the worker takes no more jobs, exits, and the lease of the job ends.
STUCK, KILLED, LEASE_MARGIN = 10, 20, 30
# Seconds before the second attempt; each further delay is twice as long, up to the longest one.
RETRY_DELAY = 10
MAX_RETRY_DELAY = 3600
MAX_ERROR_LENGTH = 2000


class AttemptsLost(Exception):
    """The workers of all attempts died, or exceeded the time limit."""


class Worker:
    """Takes due jobs from the table, and runs each in a thread of its own."""

    def __init__(self, settings: Settings, functions: Sequence[JobFunction[Any]]) -> None:
        # A connection for each thread, and one for the loop.
        self.settings = settings.model_copy(update={"database_pool_size": settings.job_threads + 1})
        self.functions = {function.name: function for function in functions}
        self.schedules = Schedules(functions, timedelta(days=settings.job_retention))
        self.caller = Caller(self.settings)
        self.database = self.caller.blocking
        # The attempts that run, with the times when their time limits end.
        self.running: dict[tuple[str, UUID, int], float] = {}
        self.is_stopping = False
        self.changed = Event()

    def work(self) -> bool:
        """Run jobs until `stop()`, and finish those that run; return whether all have ended in time."""
        self.caller.open()
        heartbeat = PROJECT / self.settings.job_heartbeat
        heartbeat.parent.mkdir(parents=True, exist_ok=True)
        while not self.is_stopping and not self.is_late(STUCK):
            heartbeat.touch()
            self.wait(self.look_for_jobs())
        self.stop()
        deadline = monotonic() + self.settings.grace_period
        while self.running and monotonic() < deadline and not self.is_late(KILLED):
            self.wait(POLL_INTERVAL)
        if self.running:
            for name, job_id, attempt in [*self.running]:
                extra = {"job": name, "job_id": str(job_id), "attempt": attempt}
                logger.error("job did not end in time", extra=extra)
            return False
        self.caller.close()
        return True

    def stop(self, *signal_and_frame: object) -> None:
        """Take no more jobs; a signal handler, which must not use locks."""
        self.is_stopping = True

    def drain(self) -> int:
        """Run the jobs that are due, one after another, until none is; return their number."""
        count = 0
        self.caller.open()
        while jobs := self.take(1):
            copy_context().run(self.run, jobs[0])
            count += 1
        self.caller.close()
        return count

    def wait(self, seconds: float) -> None:
        """Wait until a job ends, but not longer than some seconds."""
        self.changed.wait(seconds)
        self.changed.clear()

    def is_late(self, margin: float) -> bool:
        """Return whether a job runs longer than its time limit and a margin; a thread cannot be stopped."""
        return any(monotonic() > limit + margin for limit in [*self.running.values()])

    def look_for_jobs(self) -> float:
        """Insert the jobs of schedules, and start due jobs; return the seconds until the next look."""
        try:
            self.schedules.insert(self.database, now())
            return self.start_due_jobs()
        except (DBAPIError, PoolTimeoutError) as error:
            if isinstance(error, DBAPIError) and not is_unavailable(error):
                raise
            logger.warning("the database is unavailable: %s", getattr(error, "orig", error))
            return OUTAGE_INTERVAL

    def start_due_jobs(self) -> float:
        """Start due jobs in threads; return the seconds until the next look."""
        for job in self.take(self.settings.job_threads - len(self.running)):
            self.set_time_limit(job)
            Thread(target=self.run_in_thread, args=[job], daemon=True).start()
        return POLL_INTERVAL

    def take(self, limit: int) -> Sequence[Job]:
        """Take some due jobs; if there is none, only read."""
        moment = now()
        with self.database.begin("read") as session:
            due = session.scalar(queries.select_due(self.functions, moment).limit(1))
        if due is None or limit == 0:
            return []
        with self.database.begin() as session:
            statement = queries.take(self.leases_from(moment), moment, limit)
            return session.scalars(statement.returning(Job)).all()

    def leases_from(self, moment: datetime) -> dict[str, datetime]:
        """Return the end of a lease that begins now, for each name of a job."""
        return {
            function.name: moment + timedelta(seconds=function.time_limit + LEASE_MARGIN)
            for function in self.functions.values()
        }

    def set_time_limit(self, job: Job) -> None:
        """Note that an attempt runs, and when its time limit ends."""
        limit = monotonic() + self.functions[job.name].time_limit
        self.running[job.name, job.id, job.attempts] = limit

    def run_in_thread(self, job: Job) -> None:
        """Run a job, and let the loop start another one."""
        try:
            self.run(job)
        finally:
            del self.running[job.name, job.id, job.attempts]
            self.changed.set()

    def run(self, job: Job) -> None:
        """Run an attempt of a job, with the ids of the request that inserted it, and store the outcome."""
        trace = f"00-{job.trace_id}-{job.id.hex[16:]}-01" if job.trace_id else None
        context.begin(job.request_id or str(job.id), trace)
        extra = {"job": job.name, "job_id": str(job.id), "attempt": job.attempts}
        function, started = self.functions[job.name], monotonic()
        attempt = self.caller.attempt(function, job)
        try:
            if job.attempts > function.max_attempts:
                raise AttemptsLost("its workers died, or it exceeded its time limit")
            self.caller.call(function, attempt, function.parse(job.arguments))
            if not attempt.is_ended:
                with self.database.begin() as session:
                    attempt.record_success(session)
        except LeaseLost:
            logger.warning("job taken by another worker", extra=extra)
        except Exception as error:
            if attempt.is_ended:
                logger.exception("job failed after its end", extra=extra)
                return
            is_last = job.attempts >= function.max_attempts or isinstance(error, PermanentError)
            logger.exception("job given up" if is_last else "job failed", extra=extra)
            self.record_failure(attempt, error, is_last=is_last)
        else:
            duration = round((monotonic() - started) * 1000, 3)
            logger.info("job done", extra={**extra, "duration_ms": duration})

    def record_failure(self, attempt: Attempt, error: Exception, *, is_last: bool) -> None:
        """Store the error, and the time of the next attempt unless this was the last one."""
        outcome: dict[str, object] = {"status": Status.GIVEN_UP, "finished_at": now()}
        if not is_last:
            outcome = {"status": Status.PENDING, "run_at": now() + retry_delay(attempt.number)}
        try:
            with self.database.begin() as session:
                attempt.record(session, error=describe(error), **outcome)
        except (LeaseLost, DBAPIError, PoolTimeoutError):
            logger.exception("the outcome was not stored, so the job runs again after its lease")


def retry_delay(attempt: int) -> timedelta:
    """Return the delay after an attempt: it doubles, and is random so that jobs do not retry together."""
    longest = min(RETRY_DELAY * 2 ** (attempt - 1), MAX_RETRY_DELAY)
    return timedelta(seconds=longest * uniform(0.5, 1))  # noqa: S311  # not a secret


def describe(error: Exception) -> str:
    """Return an error as a text that any database accepts."""
    text = "".join(format_exception_only(error)).strip().replace("\0", "")
    return text[:MAX_ERROR_LENGTH].encode(errors="replace").decode()
