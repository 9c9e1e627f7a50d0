"""The commands `jobs` and `worker`."""

import os
import re
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from uuid import UUID

import pytest
from click.testing import Result

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.database.base import now
from {{ cookiecutter.package_name }}.jobs.models import Status
from {{ cookiecutter.package_name }}.jobs.worker import Worker

from ..support.audit_events import security_events
from ..support.databases import make_empty_database
from ..support.framework import run_command
from .functions import fail, write
from .table import JobTable


def run(settings: Settings, *arguments: str) -> Result:
    return run_command(create_app(settings), *arguments)


def test_jobs_that_were_given_up_are_listed_and_retried(
    settings: Settings, table: JobTable
) -> None:
    table.insert(fail)
    table.update(status=Status.GIVEN_UP, attempts=2, error="ValueError: a", finished_at=now())
    table.insert(write, text="a")
    job_id = str(table.jobs()[0].id)

    first, *_ = run(settings, "jobs").stdout.splitlines()
    assert first == f"{job_id}  fail  2 attempts, given up  ValueError: a"
    retried = run(settings, "jobs", "retry", job_id)

    assert retried.stdout == "fail will run again.\n"
    assert security_events(retried)[0]["event"] == "job retried"
    (row, _) = table.jobs()
    assert (row.status, row.attempts, row.finished_at) == (Status.PENDING, 0, None)
    listed, summary = run(settings, "jobs").stdout.splitlines()
    assert "fail  0 attempts, again at" in listed
    assert summary.startswith("0 given up;")


def test_jobs_that_wait_for_another_attempt_are_listed(settings: Settings, table: JobTable) -> None:
    table.insert(fail)
    Worker(settings, [fail]).drain()

    lines = run(settings, "jobs").stdout.splitlines()

    (row,) = table.jobs()
    again = f"{row.run_at:%Y-%m-%dT%H:%M:%S}Z"
    assert lines[0].startswith(f"{row.id}  fail  1 attempts, again at {again}  ValueError: ")
    assert lines[1].startswith("0 given up;")


def test_backlog_is_shown(settings: Settings, table: JobTable) -> None:
    for late in (-60, 0, 300):
        table.insert(write.configure(delay=timedelta(seconds=-late)), text="a")

    shown = run(settings, "jobs").stdout

    assert re.fullmatch(r"0 given up; the oldest due job has waited for 3\d\d s\n", shown)


def test_only_jobs_that_were_given_up_are_retried(settings: Settings, table: JobTable) -> None:
    table.insert(write, text="a")

    for job_id in (table.jobs()[0].id, UUID(int=1)):
        done = run(settings, "jobs", "retry", str(job_id))
        assert done.exit_code == 1
        assert done.output.endswith(f"Error: {job_id} is no job that was given up\n")


@pytest.mark.parametrize("is_finished", [True, False])
def test_worker_runs_until_a_signal(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    is_finished: bool,
) -> None:
    caplog.set_level("INFO")
    exit_process, handlers = Mock(), dict[int, Any]()
    monkeypatch.setattr(os, "_exit", exit_process)
    monkeypatch.setattr(signal, "signal", handlers.__setitem__)

    def work(self: Worker) -> bool:
        handlers[signal.SIGTERM](signal.SIGTERM, None)
        return self.is_stopping and is_finished

    monkeypatch.setattr(Worker, "work", work)

    assert run(settings, "worker").exit_code == 0

    messages = [each.message for each in caplog.records]
    assert messages.index("worker started") < messages.index("worker stopped")
    assert exit_process.called is not is_finished


def test_worker_names_missing_migrations(settings: Settings) -> None:
    empty = settings.model_copy(update={"database_url": make_empty_database()})

    done = run(empty, "worker")

    assert done.exit_code == 1
    assert "db upgrade" in done.output


def test_heartbeat_is_checked(settings: Settings) -> None:
    heartbeat: Path = settings.job_heartbeat
    heartbeat.parent.mkdir()

    assert "no worker has been started here" in run(settings, "worker", "--check").output
    heartbeat.touch()
    assert run(settings, "worker", "--check").stdout == "A worker is alive.\n"
    os.utime(heartbeat, (0, 0))
    done = run(settings, "worker", "--check")
    assert done.exit_code == 1
    assert "no worker is alive: the last heartbeat was" in done.output
