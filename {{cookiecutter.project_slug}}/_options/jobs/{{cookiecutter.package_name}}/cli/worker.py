"""The command `worker`: run jobs until SIGTERM."""

import logging
import os
import signal
import time

import click

from ..background import JOBS
from ..config import PROJECT, Settings
from ..database.commands import migrated_engine
from ..jobs.worker import Worker
from .settings import get_settings

logger = logging.getLogger(__name__)

# Seconds without a heartbeat after which a worker counts as dead.
HEARTBEAT_TIMEOUT = 30


@click.command()
@click.option("--check", is_flag=True, help="Exit with status 1 if no worker is alive here.")
def worker(check: bool) -> None:
    """Run jobs until SIGTERM, JOB_THREADS at the same time."""
    settings = get_settings()
    if check:
        check_heartbeat(settings)
        return
    # {% if "celery" in cookiecutter.__facts %}
    if settings.broker_url:
        # Imported here because no other process needs Celery.
        from ..jobs.dispatcher import Dispatcher

        run_until_signal(Dispatcher(settings, JOBS))
        return
    # {% endif %}
    run_until_signal(Worker(settings, JOBS))


def run_until_signal(process: Worker) -> None:
    """Run a worker until SIGTERM; exit with status 1 if a job does not end in time."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, process.stop)
    with migrated_engine():
        logger.info("worker started", extra={"threads": process.settings.job_threads})
        is_finished = process.work()
        logger.info("worker stopped")
    if not is_finished:
        # Threads cannot be cancelled; their jobs run again after their leases.
        os._exit(1)


def check_heartbeat(settings: Settings) -> None:
    """Raise ClickException if no worker has touched JOB_HEARTBEAT recently."""
    try:
        age = time.time() - (PROJECT / settings.job_heartbeat).stat().st_mtime
    except OSError:
        raise click.ClickException("no worker has been started here") from None
    if age > HEARTBEAT_TIMEOUT:
        raise click.ClickException(f"no worker is alive: the last heartbeat was {age:.0f} s ago")
    click.echo("A worker is alive.")
