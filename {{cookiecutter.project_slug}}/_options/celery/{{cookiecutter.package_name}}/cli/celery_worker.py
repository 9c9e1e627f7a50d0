"""The command `celery-worker`: run the jobs that `worker` hands to the broker."""

import click

from ..background import JOBS
from .settings import get_settings
from .worker import check_heartbeat, run_until_signal


@click.command()
@click.option("--check", is_flag=True, help="Exit with status 1 if no worker is alive here.")
def celery_worker(check: bool) -> None:
    """Run the jobs in the broker until SIGTERM, JOB_THREADS at the same time."""
    settings = get_settings()
    # Beside that of `worker`, which may run on the same machine.
    heartbeat = settings.job_heartbeat.with_suffix(".celery")
    settings = settings.model_copy(update={"job_heartbeat": heartbeat})
    if check:
        check_heartbeat(settings)
        return
    if not settings.broker_url:
        raise click.ClickException("BROKER_URL is not set: `worker` runs the jobs itself")
    # Imported here because no other process needs Celery.
    from ..jobs.celery_worker import CeleryWorker

    run_until_signal(CeleryWorker(settings, JOBS))
