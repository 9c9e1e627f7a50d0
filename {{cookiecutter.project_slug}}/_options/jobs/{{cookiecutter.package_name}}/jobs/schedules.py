"""Schedules: one job for each slot of time, inserted by the first worker that sees the slot."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.exc import IntegrityError

from .blocking import BlockingDatabase
from .functions import JobFunction

NAMESPACE = UUID("8f2c6a0e-5d1b-5e3a-9c47-2b6d0f8a1e94")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Schedules:
    """The functions that run at intervals, and the keys of the slots that this process has seen."""

    def __init__(self, functions: Iterable[JobFunction[Any]], retention: timedelta) -> None:
        self.functions = [function for function in functions if function.every]
        if any(function.every > retention for function in self.functions if function.every):
            raise ValueError("JOB_RETENTION must be at least the longest interval of a schedule")
        self.seen: set[str] = set()

    def insert(self, database: BlockingDatabase, moment: datetime) -> None:
        """Insert the jobs of the current slots; a slot that has a job already gets no other."""
        slots = {slot_of(function, moment): function for function in self.functions}
        for key in slots.keys() - self.seen:
            job = slots[key].configure(key=key).make_job()
            # The key is set to null when the job starts; the id is that of the slot also afterwards.
            job.id = uuid5(NAMESPACE, key)
            try:
                with database.begin() as session:
                    session.add(job)
            except IntegrityError:
                # Another worker has inserted it.
                continue
        self.seen = set(slots)


def slot_of(function: JobFunction[Any], moment: datetime) -> str:
    """Return the key of the slot of a moment: slots of a day begin at midnight UTC."""
    return f"{function.name}:{(moment - EPOCH) // (function.every or timedelta.max)}"
