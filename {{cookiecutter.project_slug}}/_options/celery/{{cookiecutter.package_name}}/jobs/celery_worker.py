"""The worker that Celery calls: it runs the attempts that a dispatcher has handed over."""

import logging
from collections.abc import Sequence
from contextvars import copy_context
from math import inf
from threading import Thread
from time import sleep
from typing import Any
from uuid import UUID, uuid4

from celery.exceptions import Reject
from celery.worker import WorkController, state
from celery.worker.request import Request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ..config import Settings
from ..database.base import now
from . import handovers
from .broker import RUN, TIMEOUT, create_celery
from .functions import JobFunction
from .models import Job
from .worker import OUTAGE_INTERVAL, POLL_INTERVAL, Worker

logger = logging.getLogger(__name__)


class Message(Request):  # type: ignore[misc]  # Celery has no types
    """A message of Celery: if it cannot be acknowledged, the connection is opened again.

    Celery would log this error, and then wait for the message forever before it receives others.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "connection_errors": ()})


class CeleryWorker(Worker):
    """Runs Celery in a thread, which runs each attempt in a thread of its pool."""

    def __init__(self, settings: Settings, functions: Sequence[JobFunction[Any]]) -> None:
        super().__init__(settings, functions)
        app = create_celery(settings, functions)
        app.task(self.run_attempt, name=RUN, shared=False, Request=Message)
        # The threads of Celery's pool look tasks up in the default application of the process.
        app.set_default()
        # Jobs have a log line of their own.
        logging.getLogger("celery").setLevel(logging.WARNING)
        state.should_stop = None
        self.celery = WorkController(
            app=app,
            pool_cls="threads",
            concurrency=settings.job_threads,
            without_gossip=True,
            without_heartbeat=True,
            without_mingle=True,
        )
        self.thread = Thread(target=self.celery.start, daemon=True)

    def work(self) -> bool:
        """Run attempts until `stop()`, and finish those that run; return whether all have ended in time."""
        self.thread.start()
        is_finished = super().work()
        self.thread.join(TIMEOUT)
        return is_finished

    def stop(self, *signal_and_frame: object) -> None:
        """Take no more attempts."""
        super().stop()
        state.should_stop = 0

    def look_for_jobs(self) -> float:
        """Let Celery work; return the seconds until the next look."""
        if not self.thread.is_alive():
            raise RuntimeError("Celery has stopped, its error is above")
        return POLL_INTERVAL

    def run_attempt(self, job_id: str, attempt: int) -> None:
        """Run an attempt if it is the next one of its job; a message may be late, or one of several."""
        claim = (job_id, uuid4(), attempt)
        self.running[claim] = inf
        try:
            if self.is_stopping:
                raise Reject("the worker stops", requeue=True)
            job = self.begin(UUID(job_id), attempt)
            if job:
                self.set_time_limit(job)
        except (DBAPIError, PoolTimeoutError) as error:
            logger.warning("no attempt begins: %s", getattr(error, "orig", error))
            # The dispatcher hands the job over again; other workers get the next messages.
            sleep(OUTAGE_INTERVAL)
            return
        finally:
            del self.running[claim]
        if job:
            copy_context().run(self.run_in_thread, job)

    def begin(self, job_id: UUID, attempt: int) -> Job | None:
        """Begin an attempt, and return its job; return None if the attempt is no longer the next one."""
        statement = handovers.begin(job_id, attempt, self.leases_from(now()))
        with self.database.begin() as session:
            return session.scalar(statement.returning(Job))
