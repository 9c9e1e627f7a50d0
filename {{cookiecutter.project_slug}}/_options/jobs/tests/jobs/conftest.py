"""Fixtures of the tests of jobs: they have a database of their own, because workers commit."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy import delete
from sqlalchemy.orm import Session

from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.database.engine import command_engine
from {{ cookiecutter.package_name }}.jobs.models import Job

from ..support.databases import make_database
from ..support.framework import App, client_for
from .table import JobTable


@pytest.fixture(scope="package")
def database_url() -> SecretStr:
    return make_database("jobs")


@pytest.fixture
def settings(settings: Settings, database_url: SecretStr, tmp_path: Path) -> Settings:
    changes = {"database_url": database_url, "job_heartbeat": tmp_path / "heartbeat" / "worker"}
    return settings.model_copy(update=changes)


@pytest.fixture
def client(app: App) -> Iterator[httpx2.Client]:
    """Yield a client whose requests commit."""
    with client_for(app) as client:
        yield client


@pytest.fixture
def table(settings: Settings) -> Iterator[JobTable]:
    """Yield the table of jobs, which is empty."""
    engine = command_engine(settings)
    with Session(engine) as session, session.begin():
        session.execute(delete(Job))
    yield JobTable(engine)
    engine.dispose()
