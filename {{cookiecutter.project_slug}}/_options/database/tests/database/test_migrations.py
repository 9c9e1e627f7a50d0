"""The migrations: up and down, and what they make is what the models say."""

import pwd
import re
import subprocess
import sys
from collections.abc import Iterator
from os import getuid
from pathlib import Path
from shutil import copy, copytree

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from click.testing import CliRunner, Result
from pydantic import SecretStr
from sqlalchemy import Column, Table, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.cli.main import main
from {{ cookiecutter.package_name }}.database.base import Base, UtcDateTime
from {{ cookiecutter.package_name }}.database.commands import alembic_config

from ..support.audit_events import events_of
from ..support.databases import make_empty_database
from ..support.embedded import NOWHERE
from ..support.framework import run_command
from ..support.settings import PACKAGE, SECRET_KEY, IsolatedSettings

MIGRATIONS = Path(__file__).parents[2] / "migrations"


@pytest.fixture
def database_url() -> SecretStr:
    return make_empty_database()


@pytest.fixture
def config(database_url: SecretStr) -> Config:
    return alembic_config(IsolatedSettings(database_url=database_url))


@pytest.fixture
def versions(environment: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of the revisions in a copy of the project: other tests migrate meanwhile."""
    copytree(MIGRATIONS, tmp_path / "migrations")
    copy(MIGRATIONS.parent / "pyproject.toml", tmp_path)
    environment.setattr(f"{PACKAGE}.database.commands.PROJECT", tmp_path)
    return tmp_path / "migrations" / "versions"


@pytest.fixture
def new_table() -> Iterator[str]:
    """The name of a table that no revision makes."""
    table = Table("moments", Base.metadata, Column("at", UtcDateTime()))
    yield table.name
    Base.metadata.remove(table)


def db(environment: pytest.MonkeyPatch, url: SecretStr, *arguments: str) -> Result:
    """Run a command of the database."""
    environment.setenv("DATABASE_URL", url.get_secret_value())
    return CliRunner().invoke(main, ["db", *arguments])


def has_been_migrated(url: SecretStr) -> bool:
    """Tell whether a revision was noted."""
    engine = create_engine(url.get_secret_value())
    noted = inspect(engine).has_table("alembic_version")
    engine.dispose()
    return noted


def tables(url: SecretStr) -> set[str]:
    """Return the names of the tables that are there."""
    engine = create_engine(url.get_secret_value())
    found = set(inspect(engine).get_table_names())
    engine.dispose()
    return found - {"alembic_version"}


def revisions(url: SecretStr) -> list[str]:
    """Return the revisions that a database has."""
    engine = create_engine(url.get_secret_value())
    with engine.connect() as connection:
        found = connection.scalars(text("SELECT version_num FROM alembic_version")).all()
    engine.dispose()
    return list(found)


def test_revisions_are_named_by_date() -> None:
    for path in (MIGRATIONS / "versions").glob("*.py"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\d_[a-z0-9_]+\.py", path.name)


def test_migrations_go_up_and_down_and_up_again(
    environment: pytest.MonkeyPatch, database_url: SecretStr, config: Config
) -> None:
    assert db(environment, database_url, "upgrade").exit_code == 0
    made = tables(database_url)
    assert db(environment, database_url, "downgrade", "base").exit_code == 0
    assert tables(database_url) == set()
    assert db(environment, database_url, "upgrade").exit_code == 0
    assert tables(database_url) == made

    command.check(config)


def test_commands_use_the_database_of_their_application(
    environment: pytest.MonkeyPatch, versions: Path
) -> None:
    urls = [make_empty_database(name) for name in ("one", "another")]
    one, another = (create_app(IsolatedSettings(database_url=url)) for url in urls)
    environment.setenv("DATABASE_URL", urls[1].get_secret_value())
    assert run_command(one, "db", "revision", "--empty", "-m", "a test").exit_code == 0
    for app, url in zip((one, another), urls, strict=True):
        assert run_command(app, "db", "upgrade").exit_code == 0
        assert len(revisions(url)) == 1

    assert run_command(one, "db", "downgrade", "base").exit_code == 0

    assert [len(revisions(url)) for url in urls] == [0, 1]
    environment.setenv("DATABASE_URL", urls[0].get_secret_value())
    assert run_command(another, "db", "downgrade", "base").exit_code == 0
    assert [len(revisions(url)) for url in urls] == [0, 0]


def test_changes_of_the_database_are_logged_with_their_operator(
    environment: pytest.MonkeyPatch, database_url: SecretStr, versions: Path
) -> None:
    environment.setenv("ENVIRONMENT", "test")
    environment.setenv("SECRET_KEY", SECRET_KEY)
    environment.setenv("USER", "mallory")
    db(environment, database_url, "revision", "--empty", "-m", "a test")

    (upgraded,) = events_of(db(environment, database_url, "upgrade"))
    (downgraded,) = events_of(db(environment, database_url, "downgrade", "base"))
    printed = db(environment, database_url, "upgrade", "--sql")
    printed_down = db(environment, database_url, "downgrade", "heads:base", "--sql")

    assert upgraded["event"] == "database upgraded"
    assert upgraded["command"].endswith("db upgrade")
    assert upgraded["operator"] == pwd.getpwuid(getuid()).pw_name
    assert (downgraded["event"], downgraded["revision"]) == ("database downgraded", "base")
    assert [printed.exit_code, printed_down.exit_code] == [0, 0]
    assert events_of(printed) == events_of(printed_down) == []


@pytest.mark.parametrize(
    ("service_environment", "migrated"), [("development", True), ("test", False)]
)
def test_development_alone_migrates_at_start(
    environment: pytest.MonkeyPatch,
    database_url: SecretStr,
    service_environment: str,
    migrated: bool,
) -> None:
    environment.setattr(f"{PACKAGE}.cli.server.serve", lambda settings, *, reload: None)
    environment.setenv("DATABASE_URL", database_url.get_secret_value())
    environment.setenv("ENVIRONMENT", service_environment)
    environment.setenv("SECRET_KEY", SECRET_KEY)

    CliRunner().invoke(main, ["run"])

    assert has_been_migrated(database_url) == migrated


def test_replicas_may_migrate_at_once(
    environment: pytest.MonkeyPatch, database_url: SecretStr, config: Config
) -> None:
    environment.setenv("DATABASE_URL", database_url.get_secret_value())
    upgrade = [sys.executable, "-m", PACKAGE, "db", "upgrade"]

    replicas = [subprocess.Popen(upgrade) for _ in range(2)]

    assert [replica.wait(timeout=30) for replica in replicas] == [0, 0]
    command.check(config)


def test_statements_are_printed_instead(
    environment: pytest.MonkeyPatch, database_url: SecretStr
) -> None:
    result = db(environment, database_url, "upgrade", "--sql")

    assert result.exit_code == 0
    there_are_some = any((MIGRATIONS / "versions").glob("*.py"))
    assert ("CREATE TABLE alembic_version" in result.output) == there_are_some
    assert tables(database_url) == set()


def test_revision_makes_what_is_missing(
    environment: pytest.MonkeyPatch,
    database_url: SecretStr,
    versions: Path,
    config: Config,
    new_table: str,
) -> None:
    db(environment, database_url, "upgrade")
    before = tables(database_url)

    written = db(environment, database_url, "revision", "-m", "a test")

    assert written.exit_code == 0, written.output
    assert db(environment, database_url, "upgrade").exit_code == 0
    assert tables(database_url) - before == {new_table}
    command.check(config)
    assert db(environment, database_url, "downgrade", "-1").exit_code == 0
    assert tables(database_url) == before


def test_no_file_is_overwritten(
    environment: pytest.MonkeyPatch, database_url: SecretStr, versions: Path
) -> None:
    db(environment, database_url, "revision", "--empty", "-m", "a test")
    (path,) = versions.glob("*_a_test.py")
    written = path.read_text()

    refused = db(environment, database_url, "revision", "--empty", "-m", "A test!")

    assert refused.exit_code == 1
    assert path.name in refused.output
    assert path.read_text() == written


@pytest.mark.parametrize(
    ("message", "told"), [("a test", "nothing has changed"), ("!", "say what it does")]
)
def test_revision_without_contents_or_name_is_refused(
    environment: pytest.MonkeyPatch,
    database_url: SecretStr,
    versions: Path,
    message: str,
    told: str,
) -> None:
    db(environment, database_url, "upgrade")
    before = set(versions.glob("*.py"))

    refused = db(environment, database_url, "revision", "-m", message)

    assert refused.exit_code == 1
    assert told in refused.output
    assert set(versions.glob("*.py")) == before


def test_trouble_is_told_in_a_line(
    environment: pytest.MonkeyPatch, database_url: SecretStr
) -> None:
    nowhere = db(environment, SecretStr(NOWHERE), "upgrade")
    unknown = db(environment, database_url, "downgrade", "nothing")

    assert [nowhere.exit_code, unknown.exit_code] == [1, 1]
    assert nowhere.output.startswith("Error: cannot use the database")
    assert unknown.output.splitlines()[-1].startswith(
        "Error: Can't locate revision identified by 'nothing'"
    )


def test_migration_that_fails_shows_where(
    environment: pytest.MonkeyPatch, database_url: SecretStr, versions: Path
) -> None:
    db(environment, database_url, "revision", "--empty", "-m", "a test")
    (path,) = versions.glob("*_a_test.py")
    path.write_text(
        path.read_text().replace("    pass", '    op.execute("SELECT no FROM where")', 1)
    )

    failed = db(environment, database_url, "upgrade")

    assert isinstance(failed.exception, DBAPIError)
    assert "cannot use the database" not in failed.output
    assert tables(database_url) == set()


def test_empty_migration_needs_no_mending(
    environment: pytest.MonkeyPatch, database_url: SecretStr, versions: Path
) -> None:
    db(environment, database_url, "revision", "--empty", "-m", "a test")

    checked = subprocess.run(
        [sys.executable, "-m", "ruff", "check", *versions.glob("*_a_test.py")],
        cwd=versions.parent.parent,
        capture_output=True,
        text=True,
    )

    assert checked.returncode == 0, checked.stdout


def test_branches_are_upgraded_and_joined_by_the_next_revision(
    environment: pytest.MonkeyPatch, database_url: SecretStr, versions: Path, config: Config
) -> None:
    for name in ("before a test", "beside a test"):
        command.revision(config, name, head="base", splice=True)
    assert db(environment, database_url, "upgrade").exit_code == 0
    heads = ScriptDirectory.from_config(config).get_heads()
    assert len(heads) >= 2

    written = db(environment, database_url, "revision", "--empty", "-m", "after a test")

    assert written.exit_code == 0, written.output
    (head,) = ScriptDirectory.from_config(config).get_heads()
    joined = ScriptDirectory.from_config(config).get_revision(head)
    assert joined
    assert joined.is_merge_point
    assert db(environment, database_url, "upgrade").exit_code == 0
    assert revisions(database_url) == [head]
    assert db(environment, database_url, "downgrade", "-1").exit_code == 0
    assert set(revisions(database_url)) == set(heads)
    refused = db(environment, database_url, "downgrade", "-1")
    assert refused.exit_code == 1
    assert "Error: -1 is ambiguous: the database is at" in refused.output
