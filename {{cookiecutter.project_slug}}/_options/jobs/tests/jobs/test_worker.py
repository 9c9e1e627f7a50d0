"""Workers: attempts, leases, retries, several workers, and their end."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError

from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.database.base import now
from {{ cookiecutter.package_name }}.jobs import worker
from {{ cookiecutter.package_name }}.jobs.functions import JobFunction, job
from {{ cookiecutter.package_name }}.jobs.models import Job, Status
from {{ cookiecutter.package_name }}.jobs.runs import Run
from {{ cookiecutter.package_name }}.jobs.worker import Worker

from ..support.databases import make_empty_database
from ..support.embedded import UNREACHABLE_URL
from ..support.framework import App
from .endpoints import exceed_time_limit, route_enqueue, write_in_coroutine
from .functions import fail, fail_permanently, show, write, write_slowly
from .table import PATIENCE, JobTable, wait_until

ROOT = Path(__file__).parents[2]


def drain(settings: Settings, *functions: JobFunction[Any]) -> int:
    """Run the due jobs of some functions."""
    return Worker(settings, functions).drain()


@contextmanager
def working(settings: Settings, *functions: JobFunction[Any]) -> Iterator[Worker]:
    """Run a worker in a thread."""
    process = Worker(settings, functions)
    outcomes: list[bool] = []
    thread = Thread(target=lambda: outcomes.append(process.work()))
    thread.start()
    try:
        yield process
    finally:
        process.stop()
        thread.join(PATIENCE)
    assert outcomes == [True]


def test_job_runs_once_with_the_ids_of_its_request(settings: Settings, table: JobTable) -> None:
    table.insert(write, text="a")
    table.update(request_id="abc", trace_id="0af7651916cd43dd8448eb211c80319c")

    assert (drain(settings, write, fail), drain(settings, write)) == (1, 0)

    (row,) = table.jobs()
    assert (row.status, row.attempts, row.error, row.lease_until) == (Status.DONE, 1, None, None)
    assert row.finished_at is not None
    assert table.effects() == ["a abc"]


def test_job_without_a_request_logs_its_own_id(settings: Settings, table: JobTable) -> None:
    table.insert(write_in_coroutine, text="a")
    table.update(request_id=None)

    assert drain(settings, write_in_coroutine) == 1

    (row,) = table.jobs()
    assert row.status == Status.DONE
    assert table.effects() == [f"a {row.id}"]


def test_coroutine_is_cancelled_at_its_time_limit(settings: Settings, table: JobTable) -> None:
    table.insert(exceed_time_limit)

    assert drain(settings, exceed_time_limit) == 1

    (row,) = table.jobs()
    assert (row.status, row.error) == (Status.PENDING, "TimeoutError")


def test_job_of_an_unknown_name_waits_for_a_worker_that_has_it(
    settings: Settings, table: JobTable
) -> None:
    table.insert(write, text="a")

    assert drain(settings, show) == 0
    assert table.jobs()[0].status == Status.PENDING


def test_failed_job_is_retried_and_then_given_up(
    settings: Settings, table: JobTable, caplog: pytest.LogCaptureFixture
) -> None:
    table.insert(fail)

    assert drain(settings, fail) == 1

    (row,) = table.jobs()
    assert (row.status, row.attempts) == (Status.PENDING, 1)
    assert row.error == "ValueError: no such printer"
    assert timedelta(seconds=1) < row.run_at - now() <= timedelta(seconds=worker.RETRY_DELAY)
    assert drain(settings, fail) == 0

    table.update(run_at=now())

    assert drain(settings, fail) == 1
    (row,) = table.jobs()
    assert (row.status, row.attempts) == (Status.GIVEN_UP, 2)
    assert table.effects() == []
    assert [each.message for each in caplog.records] == ["job failed", "job given up"]
    assert "Traceback" in caplog.text


def test_permanent_error_is_not_retried(
    settings: Settings, table: JobTable, caplog: pytest.LogCaptureFixture
) -> None:
    table.insert(fail_permanently)

    assert drain(settings, fail_permanently) == 1

    (row,) = table.jobs()
    assert (row.status, row.attempts) == (Status.GIVEN_UP, 1)
    assert (row.error or "").endswith("PermanentError: no such address")
    assert [each.message for each in caplog.records] == ["job given up"]


def test_retry_delay_doubles_up_to_a_limit() -> None:
    for attempt, longest in [(1, 10), (2, 20), (3, 40), (30, 3600)]:
        delays = {worker.retry_delay(attempt) for _ in range(20)}
        assert len(delays) > 1
        assert all(longest / 2 <= delay.total_seconds() <= longest for delay in delays)


def test_error_after_the_end_is_not_retried(
    settings: Settings, table: JobTable, caplog: pytest.LogCaptureFixture
) -> None:
    table.insert(fail, after_end=True)

    assert (drain(settings, fail), drain(settings, fail)) == (1, 0)

    assert table.jobs()[0].status == Status.DONE
    assert table.effects() == ["before the error"]
    assert [each.message for each in caplog.records] == ["job failed after its end"]


def test_job_that_has_lost_its_lease_writes_nothing(
    settings: Settings, table: JobTable, caplog: pytest.LogCaptureFixture
) -> None:
    @job(name="outlive")
    def outlive(run: Run, fails: bool) -> None:
        table.update(attempts=run.number + 1)
        if fails:
            raise ValueError
        write(run, "late")

    for fails, message in {False: "taken by another worker", True: "was not stored"}.items():
        table.insert(outlive, fails=fails)

        assert drain(settings, outlive) == 1

        assert message in caplog.text
        assert table.jobs()[-1].status == Status.RUNNING
    assert table.effects() == []


def test_job_whose_workers_died_in_all_attempts_is_given_up(
    settings: Settings, table: JobTable
) -> None:
    table.insert(fail)
    table.update(status=Status.RUNNING, attempts=2, lease_until=now())

    assert drain(settings, fail) == 1

    (row,) = table.jobs()
    assert row.status == Status.GIVEN_UP
    assert "its workers died, or it exceeded its time limit" in str(row.error)


def test_jobs_run_by_priority_and_not_before_their_time(
    settings: Settings, table: JobTable
) -> None:
    for priority in (1, 3, 2):
        table.insert(write.configure(priority=priority), text=str(priority))
    table.insert(write.configure(priority=4, delay=timedelta(hours=1)), text="later")

    assert drain(settings, write) == 3

    assert [effect[0] for effect in table.effects()] == ["3", "2", "1"]


def test_two_workers_run_each_job_once(settings: Settings, table: JobTable) -> None:
    for number in range(40):
        table.insert(write, text=f"{number}")

    with working(settings, write), working(settings, write):
        wait_until(lambda: len(table.effects()) >= 40)

    numbers = sorted(int(effect.split()[0]) for effect in table.effects())
    assert numbers == list(range(40))
    assert {(row.status, row.attempts) for row in table.jobs()} == {(Status.DONE, 1)}


def test_requests_can_write_while_a_job_works(
    app: App, client: httpx2.Client, settings: Settings, table: JobTable
) -> None:
    begun, written = Event(), Event()

    @job(name="work")
    def work(run: Run) -> None:
        with run.database.begin("read") as session:
            assert session.get(Job, run.id)
            begun.set()
            assert written.wait(PATIENCE)
        write(run, "worked")

    route_enqueue(app, "/write", write)
    table.insert(work)
    with working(settings, work):
        assert begun.wait(PATIENCE)
        assert client.post("/write", json={"text": "a"}).status_code == 200
        written.set()
        wait_until(table.effects)


def test_worker_finishes_what_runs_and_starts_nothing_more(
    settings: Settings, table: JobTable
) -> None:
    begun, can_end = Event(), Event()

    @job(name="work")
    def work(run: Run) -> None:
        begun.set()
        assert can_end.wait(PATIENCE)

    table.insert(work)
    with working(settings, work) as process:
        assert begun.wait(PATIENCE)
        process.stop()
        table.insert(write, text="too late")
        can_end.set()

    assert [row.status for row in table.jobs()] == [Status.DONE, Status.PENDING]


@pytest.mark.parametrize("is_stuck", [True, False])
def test_worker_gives_up_waiting_for_a_job(
    settings: Settings,
    table: JobTable,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    is_stuck: bool,
) -> None:
    """It exceeds its time limit, or the grace period after SIGTERM."""
    monkeypatch.setattr(worker, "STUCK", 0)
    monkeypatch.setattr(worker, "KILLED", 0)
    can_end = Event()

    @job(name="hang", time_limit=0 if is_stuck else 60)
    def hang(run: Run) -> None:
        process.is_stopping = not is_stuck
        assert can_end.wait(PATIENCE)

    table.insert(hang)
    process = Worker(settings.model_copy(update={"grace_period": 0.1}), [hang])

    assert process.work() is False

    (stuck,) = [each for each in caplog.records if each.message == "job did not end in time"]
    assert vars(stuck)["job"] == "hang"
    can_end.set()
    wait_until(lambda: not process.running)
    process.caller.close()


def test_worker_waits_for_a_database_that_is_unavailable(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    lost = settings.model_copy(update={"database_url": SecretStr(UNREACHABLE_URL)})

    assert Worker(lost, [show]).look_for_jobs() == worker.OUTAGE_INTERVAL

    assert "the database is unavailable" in caplog.text


def test_worker_stops_at_a_database_without_the_table(settings: Settings) -> None:
    empty = settings.model_copy(update={"database_url": make_empty_database()})

    process = Worker(empty, [write])

    with pytest.raises(DBAPIError, match="jobs"):
        process.look_for_jobs()
    process.database.dispose()


@contextmanager
def worker_process(environment: pytest.MonkeyPatch, settings: Settings) -> Iterator[Any]:
    """Start the command `worker` with the jobs of these tests, and kill it at the end."""
    environment.setenv("DATABASE_URL", settings.database_url.get_secret_value())
    environment.setenv("JOB_HEARTBEAT", str(settings.job_heartbeat))
    with subprocess.Popen([sys.executable, "-m", f"{__package__}.worker_process"]) as process:
        try:
            yield process
        finally:
            process.kill()


def test_job_of_a_killed_worker_runs_again_after_its_lease(
    environment: pytest.MonkeyPatch, settings: Settings, table: JobTable, tmp_path: Path
) -> None:
    path = tmp_path / "begun"
    table.insert(write_slowly, path=path, seconds=0.5)
    table.update(arguments={"path": str(path), "seconds": PATIENCE})
    with worker_process(environment, settings):
        wait_until(path.exists)

    assert drain(settings, write_slowly) == 0
    (row,) = table.jobs()
    assert (row.status, row.attempts) == (Status.RUNNING, 1)

    table.update(lease_until=now(), arguments={"path": str(path), "seconds": 0})

    assert drain(settings, write_slowly) == 1
    assert table.effects() == ["slow"]
    assert (table.jobs()[0].status, table.jobs()[0].attempts) == (Status.DONE, 2)


def test_sigterm_finishes_what_runs(
    environment: pytest.MonkeyPatch, settings: Settings, table: JobTable, tmp_path: Path
) -> None:
    path = tmp_path / "begun"
    table.insert(write_slowly, path=path, seconds=1)
    with worker_process(environment, settings) as process:
        wait_until(path.exists)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0

    assert table.effects() == ["slow"]
    assert table.jobs()[0].status == Status.DONE
