"""A run: one attempt of a job, and the transaction that ends it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session

from ..config import Settings
from ..database.base import now
from .blocking import BlockingDatabase
from .models import Job, Status
from .queries import end_attempt


class LeaseLost(Exception):
    """Another worker has taken the job, because its lease had expired."""


class PermanentError(Exception):
    """No further attempt can succeed: the job that raises it is given up at once."""


@dataclass
class Attempt:
    """One attempt of a job.

    `id` is that of the job in all attempts: send it as the idempotency key of effects outside of the database.
    """

    id: UUID
    number: int
    settings: Settings
    is_ended: bool = field(default=False, init=False)

    def record(self, session: Session, **values: object) -> None:
        """Store the outcome of this attempt; raise LeaseLost if it is no longer the current one."""
        statement = end_attempt(self.id, self.number, **values).returning(Job.id)
        if session.scalar(statement) is None:
            raise LeaseLost

    def record_success(self, session: Session) -> None:
        """Store that the job is done."""
        self.record(session, status=Status.DONE, finished_at=now(), error=None)


@dataclass
class Run(Attempt):
    """The first argument of a plain function that is a job; its sessions are those of SQLAlchemy's `Session`."""

    database: BlockingDatabase

    @contextmanager
    def end(self) -> Iterator[Session]:
        """Begin the transaction that ends the job: its own writes and its end are one commit.

        Raises LeaseLost, and writes nothing, if another worker has taken the job.
        """
        with self.database.begin() as session:
            self.record_success(session)
            yield session
        self.is_ended = True
