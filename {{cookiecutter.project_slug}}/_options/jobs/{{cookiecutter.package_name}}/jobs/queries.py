"""The statements of workers."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Update,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from ..database.base import UtcDateTime
from .models import Job, Status


def is_due(moment: datetime) -> ColumnElement[bool]:
    """Return the condition that a job can be taken: it waits for a worker, or its lease has expired."""
    return or_(
        and_(Job.status == Status.PENDING, Job.run_at <= moment),
        and_(Job.status == Status.RUNNING, Job.lease_until <= moment),
    )


def select_due(names: Iterable[str], moment: datetime) -> Select[UUID]:
    """Select the ids of the jobs that can be taken, in the order in which they run."""
    order = (Job.priority.desc(), Job.run_at, Job.id)
    return select(Job.id).where(Job.name.in_(names), is_due(moment)).order_by(*order)


def take(leases: Mapping[str, datetime], moment: datetime, limit: int) -> Update:
    """Take due jobs by a lease; each name has the end of its lease. One transaction gets each of them."""
    due = select_due(leases, moment).limit(limit).with_for_update(skip_locked=True).cte("due")
    return (
        update(Job)
        .where(Job.id.in_(select(due.c.id)))
        .values(
            status=Status.RUNNING,
            attempts=Job.attempts + 1,
            lease_until=lease_end(leases),
            key=None,
        )
        .execution_options(synchronize_session=False)
    )


def lease_end(leases: Mapping[str, datetime]) -> ColumnElement[datetime]:
    """Return the end of the lease of a job by its name."""
    return case(
        {name: literal(until, UtcDateTime) for name, until in leases.items()}, value=Job.name
    )


def end_attempt(job_id: UUID, attempt: int, **values: Any) -> Update:
    """Set the outcome of an attempt, unless the job was taken again because the lease had expired."""
    return (
        update(Job)
        .where(Job.id == job_id, Job.attempts == attempt, Job.status == Status.RUNNING)
        .values(lease_until=None, **values)
        .execution_options(synchronize_session=False)
    )


def oldest_overdue(session: Session, moment: datetime) -> float:
    """Return for how many seconds the oldest due job has waited, whatever its name; 0 if none is due."""
    due_at = case((Job.status == Status.PENDING, Job.run_at), else_=Job.lease_until)
    oldest = session.scalar(select(func.min(due_at)).where(is_due(moment)))
    return (moment - oldest).total_seconds() if oldest else 0


def count_given_up(session: Session) -> int:
    """Return the number of jobs that were given up."""
    given_up = select(func.count()).where(Job.status == Status.GIVEN_UP)
    return session.scalars(given_up).one()
