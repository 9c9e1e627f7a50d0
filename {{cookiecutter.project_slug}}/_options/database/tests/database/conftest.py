"""Fixtures for tests of the database and its migrations."""

from pathlib import Path
from shutil import copy, copytree

import pytest
from alembic.config import Config
from pydantic import SecretStr

from {{ cookiecutter.package_name }}.database.commands import alembic_config

from ..support.databases import make_empty_database
from ..support.migrations import MIGRATIONS
from ..support.settings import PACKAGE, IsolatedSettings


@pytest.fixture
def database_url() -> SecretStr:
    return make_empty_database()


@pytest.fixture
def config(database_url: SecretStr) -> Config:
    return alembic_config(IsolatedSettings(database_url=database_url))


@pytest.fixture
def versions(environment: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Copy the migrations and return the folder of the revisions, so that tests can add some."""
    copytree(MIGRATIONS, tmp_path / "migrations")
    copy(MIGRATIONS.parent / "pyproject.toml", tmp_path)
    environment.setattr(f"{PACKAGE}.database.commands.PROJECT", tmp_path)
    return tmp_path / "migrations" / "versions"
