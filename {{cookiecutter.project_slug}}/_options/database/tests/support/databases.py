"""The databases of the tests: real ones, made by the migrations, and never that of development."""

import os
from functools import cache
from pathlib import PurePath

from alembic import command
from pydantic import SecretStr
from sqlalchemy import URL, make_url

from {{ cookiecutter.package_name }}.database.commands import alembic_config

from . import embedded

# Tests that run in parallel have a database for each process.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")


@cache
def migrated_database() -> SecretStr:
    """Return the URL of this process's database, which tests leave as they found it."""
    return make_database("shared")


def make_database(name: str = "own") -> SecretStr:
    """Make the one beside it anew, for a test that changes it for good; bring it up to the newest revision."""
    # Imported here because the settings of tests import this module.
    from .settings import IsolatedSettings

    url = make_empty_database(name)
    command.upgrade(alembic_config(IsolatedSettings(database_url=url)), "heads")
    return url


def make_empty_database(name: str = "own") -> SecretStr:
    """Make the one beside it anew, without tables."""
    server = url_for_tests(os.environ.get("TEST_DATABASE_URL") or embedded.server())
    path = PurePath(str(server.database))
    stem = path.stem.removesuffix("_test")
    new = path.with_stem(f"{stem}_{WORKER}_{name}_test")
    url = server.set(database=str(new))
    embedded.create(url)
    return SecretStr(url.render_as_string(hide_password=False))


def url_for_tests(text: str) -> URL:
    """Return a URL; raise ValueError unless it says that its database is for tests."""
    url = make_url(text)
    if not PurePath(url.database or "").stem.endswith("_test"):
        raise ValueError(f"{url!r} is not for tests: its name does not end in _test")
    return url
