"""The commands of jobs: `python -m {{ cookiecutter.package_name }} jobs --help`."""

from uuid import UUID

import click
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from ..database.base import now
from ..database.commands import migrated_engine
from ..observability.audit_log import log_event, record_operator
from .models import Job, Status
from .queries import count_given_up, oldest_overdue


@click.group(invoke_without_command=True)
def jobs() -> None:
    """List the jobs that have failed, and show how late jobs are; or retry one."""
    record_operator()
    if click.get_current_context().invoked_subcommand is None:
        list_failed()


@jobs.command()
@click.argument("job_id", metavar="ID", type=click.UUID)
def retry(job_id: UUID) -> None:
    """Run a job again that was given up."""
    statement = (
        update(Job)
        .where(Job.id == job_id, Job.status == Status.GIVEN_UP)
        .values(status=Status.PENDING, attempts=0, run_at=now(), finished_at=None)
        .returning(Job.name)
    )
    with migrated_engine() as engine, Session(engine) as session, session.begin():
        name = session.scalar(statement)
    if name is None:
        raise click.ClickException(f"{job_id} is no job that was given up")
    log_event("job retried", job=name, job_id=job_id)
    click.echo(f"{name} will run again.")


def list_failed() -> None:
    """Print the jobs that were given up or wait for another attempt, the oldest first, and how late jobs are."""
    has_failed = or_(Job.status == Status.GIVEN_UP, Job.error.is_not(None))
    statement = select(Job).where(Job.status != Status.RUNNING, has_failed).order_by(Job.id)
    with migrated_engine() as engine, Session(engine) as session, session.begin():
        for job in session.scalars(statement):
            is_over = job.status == Status.GIVEN_UP
            outlook = "given up" if is_over else f"again at {job.run_at:%Y-%m-%dT%H:%M:%SZ}"
            click.echo(f"{job.id}  {job.name}  {job.attempts} attempts, {outlook}  {job.error}")
        count, seconds = count_given_up(session), oldest_overdue(session, now())
    click.echo(f"{count} given up; the oldest due job has waited for {seconds:.0f} s")
