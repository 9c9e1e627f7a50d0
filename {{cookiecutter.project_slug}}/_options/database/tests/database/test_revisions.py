"""Databases that lack migrations, and commands with another migration than those of the project."""

import pwd
from os import getuid
from pathlib import Path
from shutil import copy

import click
import pytest
from alembic import command
from click.testing import CliRunner
from pydantic import SecretStr
from sqlalchemy import create_engine, select, text

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.database import commands, revisions
from {{ cookiecutter.package_name }}.database.commands import alembic_config
from {{ cookiecutter.package_name }}.database.errors import SCHEMA_OUTDATED, SchemaOutdated

from ..support.audit_events import security_events
from ..support.databases import make_database, make_empty_database
from ..support.framework import App, client_for
from ..support.migrations import run_db
from ..support.sessions import route_statements
from ..support.settings import PACKAGE, PROJECT, SECRET_KEY, IsolatedSettings

NO_TABLE = ["SELECT * FROM no_table"]


@pytest.fixture(autouse=True)
def migration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Replace the migrations of the project by one, so that every project has some."""
    name = "first"
    # Not a link, which Alembic would follow to the migrations of the project.
    copy(PROJECT / "pyproject.toml", tmp_path)
    (tmp_path / "migrations" / "versions").mkdir(parents=True)
    (tmp_path / "migrations" / "env.py").symlink_to(PROJECT / "migrations" / "env.py")
    (tmp_path / "migrations" / "versions" / f"{name}.py").write_text(
        f"revision, down_revision = '{name}', None\n"
        "def upgrade() -> None: ...\n"
        "def downgrade() -> None: ...\n"
    )
    monkeypatch.setattr(f"{PACKAGE}.database.commands.PROJECT", tmp_path)


def make_app(url: SecretStr, environment: str = "development") -> App:
    """Create an application with an endpoint that reads a table that does not exist."""
    settings = {"database_url": url, "environment": environment, "secret_key": SECRET_KEY}
    app = create_app(IsolatedSettings.model_validate(settings))
    route_statements(app, "/things", NO_TABLE)
    return app


@pytest.mark.parametrize("environment", ["development", "test"])
def test_missing_migrations_are_reported_with_the_command(
    environment: str, caplog: pytest.LogCaptureFixture
) -> None:
    with client_for(make_app(make_empty_database(), environment)) as client:
        ready, things = client.get("/readyz"), client.get("/things")

    assert ready.status_code == things.status_code == 503
    assert ready.json()["checks"] == {"database": "failed"}
    assert ready.json()["reasons"] == {"database": SCHEMA_OUTDATED}
    shown = SCHEMA_OUTDATED
    if environment == "test":
        shown = "The database is temporarily unavailable."
    assert things.json()["detail"] == shown
    assert SCHEMA_OUTDATED in caplog.messages


def test_database_is_ready_when_migrations_were_applied() -> None:
    url = make_empty_database()

    with client_for(make_app(url)) as client:
        before = client.get("/readyz").status_code
        command.upgrade(alembic_config(IsolatedSettings(database_url=url)), "heads")
        after = [client.get("/readyz").status_code for _ in range(2)]

        assert (before, after) == (503, [200, 200])
        assert client.get("/things").status_code == 500


def test_database_may_have_newer_migrations() -> None:
    url = make_empty_database()
    engine = create_engine(url.get_secret_value())
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('newer')"))
    engine.dispose()

    with client_for(make_app(url)) as client:
        assert client.get("/readyz").status_code == 200


def test_installation_without_migrations_requires_none(tmp_path: Path) -> None:
    url = make_empty_database()
    config = alembic_config(IsolatedSettings(database_url=url))
    command.upgrade(config, "heads")
    command.downgrade(config, "base")
    (tmp_path / "migrations").rename(tmp_path / "removed")

    with client_for(make_app(url)) as client:
        assert client.get("/readyz").status_code == 200


def test_command_of_a_domain_gets_an_engine() -> None:
    @click.command()
    def ask() -> None:
        with commands.migrated_engine() as engine, engine.connect() as connection:
            click.echo(connection.scalar(select(1)))

    migrated = CliRunner().invoke(ask, obj=IsolatedSettings(database_url=make_database()))
    empty = CliRunner().invoke(ask, obj=IsolatedSettings(database_url=make_empty_database()))

    assert (migrated.exit_code, migrated.output) == (0, "1\n")
    assert (empty.exit_code, empty.output) == (1, f"Error: {SCHEMA_OUTDATED}\n")


def test_missing_database_lacks_migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revisions, "database_exists", lambda settings: False)

    with pytest.raises(SchemaOutdated):
        revisions.require_database(IsolatedSettings())


def test_upgrade_and_downgrade_are_logged_with_the_operator(
    environment: pytest.MonkeyPatch, database_url: SecretStr
) -> None:
    environment.setenv("ENVIRONMENT", "test")
    environment.setenv("SECRET_KEY", SECRET_KEY)
    environment.setenv("USER", "mallory")

    (upgraded,) = security_events(run_db(environment, database_url, "upgrade"))
    (downgraded,) = security_events(run_db(environment, database_url, "downgrade", "base"))
    printed = run_db(environment, database_url, "upgrade", "--sql")
    printed_down = run_db(environment, database_url, "downgrade", "heads:base", "--sql")

    assert upgraded["event"] == "database upgraded"
    assert upgraded["command"].endswith("db upgrade")
    assert upgraded["operator"] == pwd.getpwuid(getuid()).pw_name
    assert (downgraded["event"], downgraded["revision"]) == ("database downgraded", "base")
    assert [printed.exit_code, printed_down.exit_code] == [0, 0]
    assert security_events(printed) == security_events(printed_down) == []
