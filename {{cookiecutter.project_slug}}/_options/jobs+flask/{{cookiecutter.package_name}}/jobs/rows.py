"""Insertion of jobs by the session of a request."""

from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from .models import Job

__all__ = ["Inserted", "Session", "insert"]

Inserted = UUID | None


def insert(session: Session, job: Job) -> Inserted:
    """Insert a job; return its id, or None if another job has its key."""
    if job.key is None:
        session.add(job)
        return job.id
    # Errors of other rows are those of the caller.
    session.flush()
    try:
        with session.begin_nested():
            session.add(job)
    except IntegrityError:
        return None
    return job.id
