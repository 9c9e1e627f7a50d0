"""Insertion of jobs by the session of a request."""

from collections.abc import Coroutine
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession as Session

from .models import Job

__all__ = ["Inserted", "Session", "insert"]

Inserted = Coroutine[Any, Any, UUID | None]


async def insert(session: Session, job: Job) -> UUID | None:
    """Insert a job; return its id, or None if another job has its key."""
    if job.key is None:
        session.add(job)
        return job.id
    # Errors of other rows are those of the caller.
    await session.flush()
    try:
        async with session.begin_nested():
            session.add(job)
    except IntegrityError:
        return None
    return job.id
