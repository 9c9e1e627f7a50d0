"""Metrics of jobs, which are read from their table for each scrape."""

import logging
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ..config import Settings
from ..database.base import now
from ..observability.metrics import Metrics
from .blocking import BlockingDatabase
from .queries import count_given_up, oldest_overdue

logger = logging.getLogger(__name__)


def observe_jobs(metrics: Metrics, settings: Settings) -> None:
    """Add the metrics of jobs to those of the application."""
    metrics.shared.register(JobCollector(settings))


class JobCollector(Collector):
    """Reads how late jobs are, by a connection that is open for the scrape only."""

    def __init__(self, settings: Settings) -> None:
        self.database = BlockingDatabase(settings)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the metrics, or none if the database is unavailable or lacks migrations."""
        try:
            with self.database.begin("read") as session:
                overdue, given_up = oldest_overdue(session, now()), count_given_up(session)
        except (DBAPIError, PoolTimeoutError) as error:
            logger.warning("no metrics of jobs: %s", getattr(error, "orig", error))
            return
        finally:
            self.database.dispose()
        yield GaugeMetricFamily(
            "jobs_oldest_overdue_seconds",
            "Time for which the oldest due job has waited for a worker.",
            value=overdue,
        )
        yield GaugeMetricFamily("jobs_given_up", "Jobs that were given up.", value=given_up)
