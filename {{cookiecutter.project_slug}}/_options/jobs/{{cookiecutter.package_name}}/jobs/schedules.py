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
    """The functions that have schedules, and the keys of the slots that this process has seen."""

    def __init__(self, functions: Iterable[JobFunction[Any]], retention: timedelta) -> None:
        self.functions = [function for function in functions if function.every]
        intervals = [each.every for each in self.functions if isinstance(each.every, timedelta)]
        if any(interval > retention for interval in intervals):
            raise ValueError("JOB_RETENTION must be at least the longest interval of a schedule")
        self.seen: set[str] = set()

    def insert(self, database: BlockingDatabase, moment: datetime) -> None:
        """Insert the jobs of the current slots; a slot that has a job already gets no other."""
        slots = {key: each for each in self.functions if (key := slot_of(each, moment))}
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


def slot_of(function: JobFunction[Any], moment: datetime) -> str | None:
    """Return the key of the slot of a moment, if it is in one: slots of a day begin at midnight UTC."""
    every = function.every or timedelta.max
    if isinstance(every, timedelta):
        return f"{function.name}:{(moment - EPOCH) // every}"
    begin = every(moment)
    return f"{function.name}:{begin.isoformat()}" if begin else None
