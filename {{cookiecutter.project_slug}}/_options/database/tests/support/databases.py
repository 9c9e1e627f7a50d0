"""Test databases, created by the migrations; never the development database."""

import os
from functools import cache
from pathlib import PurePath

from alembic import command
from pydantic import SecretStr
from sqlalchemy import URL, make_url

from {{ cookiecutter.package_name }}.database.commands import alembic_config

from . import embedded

# Each process of parallel tests has its own databases.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")


@cache
def migrated_database() -> SecretStr:
    """Return the URL of the shared database; tests must roll back their changes to it."""
    return make_database("shared")


def make_database(name: str = "own") -> SecretStr:
    """Create or replace a database at the newest revision; return its URL."""
    # Imported here because of a circular import.
    from .settings import IsolatedSettings

    url = make_empty_database(name)
    command.upgrade(alembic_config(IsolatedSettings(database_url=url)), "heads")
    return url


def make_empty_database(name: str = "own") -> SecretStr:
    """Create or replace a database without tables; return its URL."""
    server = url_for_tests(os.environ.get("TEST_DATABASE_URL") or embedded.server_url())
    path = PurePath(str(server.database))
    stem = path.stem.removesuffix("_test")
    new = path.with_stem(f"{stem}_{WORKER}_{name}_test")
    url = server.set(database=str(new))
    embedded.create_empty(url)
    return SecretStr(url.render_as_string(hide_password=False))


def url_for_tests(text: str) -> URL:
    """Return a parsed URL; raise ValueError unless the database's name ends in _test."""
    url = make_url(text)
    if not PurePath(url.database or "").stem.endswith("_test"):
        raise ValueError(f"{url!r} is not for tests: its name does not end in _test")
    return url.set(drivername=embedded.DRIVERNAME)
