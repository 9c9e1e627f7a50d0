"""The metrics of jobs: how late they are, and how many were given up."""

import re
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from pydantic import SecretStr

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.database.base import now
from {{ cookiecutter.package_name }}.jobs.models import Status
from {{ cookiecutter.package_name }}.observability import metrics

from ..support.databases import make_empty_database
from ..support.embedded import UNREACHABLE_URL
from ..support.framework import client_for
from .functions import fail, write
from .table import JobTable

MINUTE = timedelta(minutes=1)
OVERDUE, GIVEN_UP = "jobs_oldest_overdue_seconds", "jobs_given_up"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return settings with which metrics need no token."""
    return settings.model_copy(update={"environment": "development"})


def gauges(client: httpx2.Client) -> dict[str, float]:
    """Return the metrics of jobs."""
    text = client.get("/metrics").text
    assert "build_info{" in text
    return {name: float(value) for name, value in re.findall(r"^(jobs_\w+) (.*)", text, re.M)}


def test_age_of_the_oldest_overdue_job_is_measured(client: httpx2.Client, table: JobTable) -> None:
    assert gauges(client) == {OVERDUE: 0, GIVEN_UP: 0}

    table.insert(write.configure(delay=MINUTE), text="later")
    assert gauges(client)[OVERDUE] == 0
    # A worker that died has left this one.
    table.update(status=Status.RUNNING, lease_until=now() - MINUTE)
    assert 60 <= gauges(client)[OVERDUE] < 120
    # Workers may not know its name.
    table.update(status=Status.PENDING, name="unknown", run_at=now() - 3 * MINUTE)
    assert 180 <= gauges(client)[OVERDUE] < 240
    table.update(status=Status.DONE)
    assert gauges(client)[OVERDUE] == 0


def test_jobs_that_were_given_up_are_counted(client: httpx2.Client, table: JobTable) -> None:
    for _ in range(2):
        table.insert(fail)
    table.update(status=Status.GIVEN_UP)
    table.insert(fail)

    assert gauges(client)[GIVEN_UP] == 2


def test_workers_that_share_a_folder_measure_jobs(
    client: httpx2.Client, table: JobTable, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.setenv(metrics.FOLDER, str(tmp_path))

    text = client.get("/metrics").text

    assert "python_info" not in text
    assert f"\n{GIVEN_UP} 0.0\n" in text


def test_metrics_of_jobs_are_missing_without_the_database(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    for url in (SecretStr(UNREACHABLE_URL), make_empty_database()):
        app = create_app(settings.model_copy(update={"database_url": url}))

        with client_for(app) as client:
            assert gauges(client) == {}

        assert "no metrics of jobs" in caplog.text
        caplog.clear()
