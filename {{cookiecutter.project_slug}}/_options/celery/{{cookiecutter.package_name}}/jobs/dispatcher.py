"""The worker of a service with a broker: it hands due jobs to Celery."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from ..config import Settings
from ..database.base import now
from . import handovers, queries
from .broker import BrokerUnavailable, Queue, create_celery
from .functions import JobFunction
from .models import Job
from .worker import OUTAGE_INTERVAL, POLL_INTERVAL, Worker

logger = logging.getLogger(__name__)

# Seconds after which a job that has not begun is handed over again: its message may be lost.
QUEUE_LEASE = 60
# Seconds until the next look if the queue was filled.
BUSY_INTERVAL = 0.05


class Dispatcher(Worker):
    """Takes due jobs from the table, and hands them to Celery, as many as the queue takes."""

    def __init__(self, settings: Settings, functions: Sequence[JobFunction[Any]]) -> None:
        super().__init__(settings, functions)
        self.queue = Queue(create_celery(settings, functions))
        self.is_broker_lost = False

    def work(self) -> bool:
        """Hand over jobs until `stop()`."""
        is_finished = super().work()
        self.queue.close()
        return is_finished

    def start_due_jobs(self) -> float:
        """Hand over due jobs; return the seconds until the next look."""
        try:
            free = self.settings.job_queue_size - self.queue.count()
            jobs = self.reserve(free)
            self.publish(jobs)
        except BrokerUnavailable as error:
            if not self.is_broker_lost:
                logger.warning("the broker is unavailable, jobs wait in their table: %s", error)
            self.is_broker_lost = True
            return OUTAGE_INTERVAL
        self.is_broker_lost = False
        return BUSY_INTERVAL if len(jobs) >= free else POLL_INTERVAL

    def reserve(self, limit: int) -> Sequence[Job]:
        """Take some due jobs, in the order in which they run; if there is none, only read."""
        moment = now()
        with self.database.begin("read") as session:
            due = session.scalar(queries.select_due(self.functions, moment).limit(1))
        if due is None or limit <= 0:
            return []
        until = moment + timedelta(seconds=QUEUE_LEASE)
        with self.database.begin() as session:
            statement = handovers.reserve(self.functions, moment, until, limit)
            jobs = session.scalars(statement.returning(Job)).all()
        return sorted(jobs, key=lambda job: (-job.priority, job.run_at, job.id))

    def publish(self, jobs: Sequence[Job]) -> None:
        """Hand over jobs; give back those that the broker does not accept."""
        published = 0
        try:
            for job in jobs:
                self.queue.publish(job.id, job.attempts + 1)
                published += 1
        except BrokerUnavailable:
            with self.database.begin() as session:
                for job in jobs[published:]:
                    session.execute(handovers.give_back(job))
            raise
