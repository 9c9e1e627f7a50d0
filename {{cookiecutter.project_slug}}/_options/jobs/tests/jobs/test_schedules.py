"""Schedules, and the job that deletes old jobs."""

from datetime import UTC, datetime, timedelta

import pytest

from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.database.base import now
from {{ cookiecutter.package_name }}.jobs import cleanup
from {{ cookiecutter.package_name }}.jobs.functions import job
from {{ cookiecutter.package_name }}.jobs.models import Status
from {{ cookiecutter.package_name }}.jobs.runs import Run
from {{ cookiecutter.package_name }}.jobs.schedules import Schedules, slot_of
from {{ cookiecutter.package_name }}.jobs.worker import Worker

from .functions import show, write
from .table import JobTable

HOUR = timedelta(hours=1)
MORNING = datetime(2026, 11, 28, 8, 59, tzinfo=UTC)


def test_each_slot_runs_once_for_several_workers(settings: Settings, table: JobTable) -> None:
    first, *others = (Worker(settings, [show, write]) for _ in range(3))
    first.schedules.insert(first.database, MORNING)
    others[0].schedules.insert(first.database, MORNING)
    # The slot has its job also after the start, which frees the key.
    assert [row.name for row in first.take(10)] == ["show"]
    others[1].schedules.insert(first.database, MORNING)
    first.schedules.insert(first.database, MORNING)

    assert [row.key for row in table.jobs()] == [None]

    for each in (first, *others):
        each.schedules.insert(first.database, MORNING + HOUR)

    assert sorted(row.key or "" for row in table.jobs()) == ["", slot_of(show, MORNING + HOUR)]
    first.database.dispose()


def test_slots_are_aligned() -> None:
    beginning, end, next_slot = (
        slot_of(show, MORNING + timedelta(minutes=minutes)) for minutes in (-59, 0, 1)
    )

    assert str(beginning).startswith("show:")
    assert (beginning == end, end == next_slot) == (True, False)


def test_schedule_can_be_a_function(settings: Settings, table: JobTable) -> None:
    @job(name="open", every=lambda moment: moment.replace(minute=0) if moment.hour == 9 else None)
    def open_shop(run: Run) -> None:
        """Run once, while the hour is 9."""

    process = Worker(settings, [open_shop])
    for minutes in (0, 1, 60, 61, 62):
        process.schedules.insert(process.database, MORNING + timedelta(minutes=minutes))
    process.database.dispose()

    assert [row.key for row in table.jobs()] == ["open:2026-11-28T09:00:00+00:00"]


def test_rows_are_kept_as_long_as_the_longest_schedule(settings: Settings) -> None:
    with pytest.raises(ValueError, match="JOB_RETENTION"):
        Schedules([show], retention=timedelta(minutes=59))
    Schedules([show], retention=timedelta(hours=1))


def test_old_jobs_that_are_done_are_deleted(
    settings: Settings, table: JobTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleanup, "BATCH", 2)
    for _ in range(5):
        table.insert(write, text="a")
    table.update(status=Status.DONE, finished_at=now() - timedelta(days=settings.job_retention))
    table.insert(cleanup.delete_finished_jobs)

    Worker(settings, [cleanup.delete_finished_jobs]).drain()

    assert [row.name for row in table.jobs()] == ["jobs.cleanup.delete_finished_jobs"]


def test_jobs_that_were_given_up_are_kept(settings: Settings, table: JobTable) -> None:
    table.insert(write, text="a")
    table.update(status=Status.GIVEN_UP, finished_at=now() - timedelta(days=1000))
    table.insert(cleanup.delete_finished_jobs)

    Worker(settings, [cleanup.delete_finished_jobs]).drain()

    assert len(table.jobs()) == 2
