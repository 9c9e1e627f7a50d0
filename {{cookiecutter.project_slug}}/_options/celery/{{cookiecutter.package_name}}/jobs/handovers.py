"""The statements of jobs in the broker: an attempt is counted when it begins, not when it is handed over."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Update, select, update

from .models import Job, Status
from .queries import lease_end, select_due


def reserve(names: Iterable[str], moment: datetime, until: datetime, limit: int) -> Update:
    """Take due jobs for the broker, by a lease for the time in its queue. One transaction gets each of them."""
    due = select_due(names, moment).limit(limit).with_for_update(skip_locked=True).cte("due")
    return (
        update(Job)
        .where(Job.id.in_(select(due.c.id)))
        .values(status=Status.RUNNING, lease_until=until)
        .execution_options(synchronize_session=False)
    )


def give_back(job: Job) -> Update:
    """Undo the reservation of a job that the broker has not accepted, unless it has begun."""
    return (
        update(Job)
        .where(Job.id == job.id, Job.attempts == job.attempts, Job.status == Status.RUNNING)
        .values(status=Status.PENDING, lease_until=None)
        .execution_options(synchronize_session=False)
    )


def begin(job_id: UUID, attempt: int, leases: Mapping[str, datetime]) -> Update:
    """Begin an attempt by the lease of its name, unless it has begun already or is no longer the next one."""
    return (
        update(Job)
        .where(Job.id == job_id, Job.attempts == attempt - 1, Job.status == Status.RUNNING)
        .where(Job.name.in_(leases))
        .values(attempts=attempt, lease_until=lease_end(leases), key=None)
        .execution_options(synchronize_session=False)
    )
