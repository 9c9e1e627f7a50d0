"""The job that deletes old jobs."""

from datetime import timedelta

from sqlalchemy import delete, select

from ..database.base import now
from .functions import job
from .models import Job, Status
from .runs import Run

# Rows that one transaction deletes.
BATCH = 1000


@job(every=timedelta(days=1))
def delete_finished_jobs(run: Run) -> None:
    """Delete jobs that were done JOB_RETENTION days ago, in short transactions; keep those that were given up."""
    is_old = Job.finished_at < now() - timedelta(days=run.settings.job_retention)
    old = select(Job.id).where(Job.status == Status.DONE, is_old).limit(BATCH)
    deleted = BATCH
    while deleted == BATCH:
        with run.database.begin() as session:
            statement = delete(Job).where(Job.id.in_(old)).returning(Job.id)
            deleted = len(session.scalars(statement).all())
