"""Migrations: upgrade, downgrade, and equality with the models."""

import enum
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import copytree

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from click.testing import CliRunner
from pydantic import SecretStr
from sqlalchemy import (
    CheckConstraint,
    Column,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    inspect,
    text,
)
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.pool import NullPool
from sqlalchemy.types import TypeDecorator, UserDefinedType

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.cli.main import main
from {{ cookiecutter.package_name }}.database.base import Base, UtcDateTime

from ..support.databases import make_empty_database
from ..support.embedded import UNREACHABLE_URL
from ..support.framework import run_command
from ..support.migrations import MIGRATIONS, run_db, write_migration
from ..support.rows import fill_empty_tables
from ..support.settings import PACKAGE, SECRET_KEY, IsolatedSettings, link_project

FAILING = """
    op.create_table("remains", sa.Column("id", sa.Integer()))
    op.execute("SELECT no_column FROM no_table")
"""
REQUIRED_COLUMN = """
    with op.batch_alter_table("moments") as moments:
        moments.add_column(sa.Column("size", sa.Integer(), nullable=False))
"""
INSERT_LAMP = text("INSERT INTO lamps (id, color, price) VALUES (:id, :color, :price)")
ANOTHER_VALUE = """
    with op.batch_alter_table("lamps") as lamps:
        lamps.drop_constraint(op.f("ck_lamps_color"), type_="check")
        lamps.create_check_constraint(
            op.f("ck_lamps_color"), "color IN ('RED', 'GREEN', 'BLUE')"
        )
"""


class Color(enum.Enum):
    RED = "red"
    GREEN = "green"


class Cents(TypeDecorator[int]):
    """A type of the service."""

    impl = Integer
    cache_ok = True


class Place(UserDefinedType[str]):
    """A type of the database that SQLAlchemy does not know."""

    cache_ok = True

    def get_col_spec(self, **options: object) -> str:
        return "VARCHAR(20)"


class Lamp(Base):
    """A model with an enum and types of its own; its table is in the models only when a test adds it."""

    __tablename__ = "lamps"

    id: Mapped[int] = mapped_column(primary_key=True)
    color: Mapped[Color | None]
    price: Mapped[int | None] = mapped_column(Cents)
    place: Mapped[str | None] = mapped_column(Place)


LAMPS = Base.metadata.tables["lamps"]
Base.metadata.remove(LAMPS)


@pytest.fixture
def new_table() -> Iterator[Table]:
    """Add a table to the models without a revision."""
    table = Table("moments", Base.metadata, Column("at", UtcDateTime()))
    yield table
    Base.metadata.remove(table)


def migrate_models(environment: pytest.MonkeyPatch, url: SecretStr) -> None:
    """Write a migration for the difference to the models, and apply it."""
    run_db(environment, url, "upgrade")
    run_db(environment, url, "revision", "-m", "preparation")
    run_db(environment, url, "upgrade")


@contextmanager
def added_to_the_models(table: Table) -> Iterator[Table]:
    """Add a copy of a table to the models."""
    copy = table.to_metadata(Base.metadata)
    try:
        yield copy
    finally:
        Base.metadata.remove(copy)


def is_migrated(url: SecretStr) -> bool:
    """Return whether the database has a table of revisions."""
    engine = create_engine(url.get_secret_value())
    found = inspect(engine).has_table("alembic_version")
    engine.dispose()
    return found


def upgrade_with_rows(config: Config, url: SecretStr) -> None:
    """Apply the migrations one by one, with a row in each table."""
    revisions = list(ScriptDirectory.from_config(config).walk_revisions())
    engine = create_engine(url.get_secret_value(), poolclass=NullPool)
    for revision in reversed(revisions):
        command.upgrade(config, revision.revision)
        with engine.begin() as connection:
            fill_empty_tables(connection)


def table_names(url: SecretStr) -> set[str]:
    """Return the names of the tables, without that of the revisions."""
    engine = create_engine(url.get_secret_value())
    found = set(inspect(engine).get_table_names())
    engine.dispose()
    return found - {"alembic_version"}


def current_revisions(url: SecretStr) -> list[str]:
    """Return the current revisions of a database."""
    engine = create_engine(url.get_secret_value())
    with engine.connect() as connection:
        found = connection.scalars(text("SELECT version_num FROM alembic_version")).all()
    engine.dispose()
    return list(found)


def test_revision_file_names_start_with_the_date() -> None:
    for path in (MIGRATIONS / "versions").glob("*.py"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\d_[a-z0-9_]+\.py", path.name)


def test_migrations_are_reversible(
    environment: pytest.MonkeyPatch, database_url: SecretStr, config: Config
) -> None:
    assert run_db(environment, database_url, "upgrade").exit_code == 0
    created = table_names(database_url)
    assert run_db(environment, database_url, "downgrade", "base").exit_code == 0
    assert table_names(database_url) == set()
    assert run_db(environment, database_url, "upgrade").exit_code == 0
    assert table_names(database_url) == created

    command.check(config)


def test_migrations_keep_rows(database_url: SecretStr, config: Config) -> None:
    upgrade_with_rows(config, database_url)

    command.downgrade(config, "base")


def test_migration_that_rejects_rows_is_noticed(
    environment: pytest.MonkeyPatch,
    database_url: SecretStr,
    versions: Path,
    config: Config,
    new_table: Table,
) -> None:
    migrate_models(environment, database_url)
    write_migration(environment, database_url, versions, "a test", REQUIRED_COLUMN)

    assert run_db(environment, database_url, "upgrade").exit_code == 0
    command.downgrade(config, "base")
    with pytest.raises(DBAPIError, match=r"(?i)not.null"):
        upgrade_with_rows(config, database_url)


def test_commands_use_the_database_of_their_application(
    environment: pytest.MonkeyPatch, versions: Path
) -> None:
    urls = [make_empty_database(name) for name in ("one", "another")]
    one, another = (create_app(IsolatedSettings(database_url=url)) for url in urls)
    environment.setenv("DATABASE_URL", urls[1].get_secret_value())
    assert run_command(one, "db", "revision", "--empty", "-m", "a test").exit_code == 0
    for app, url in zip((one, another), urls, strict=True):
        assert run_command(app, "db", "upgrade").exit_code == 0
        assert len(current_revisions(url)) == 1

    assert run_command(one, "db", "downgrade", "base").exit_code == 0

    assert [len(current_revisions(url)) for url in urls] == [0, 1]
    environment.setenv("DATABASE_URL", urls[0].get_secret_value())
    assert run_command(another, "db", "downgrade", "base").exit_code == 0
    assert [len(current_revisions(url)) for url in urls] == [0, 0]


@pytest.mark.parametrize(
    ("service_environment", "expected"), [("development", True), ("test", False)]
)
def test_run_migrates_in_development_only(
    environment: pytest.MonkeyPatch,
    database_url: SecretStr,
    versions: Path,
    service_environment: str,
    expected: bool,
) -> None:
    write_migration(environment, database_url, versions, "a test", "    pass")
    environment.setattr(f"{PACKAGE}.cli.server.serve", lambda settings, *, reload: None)
    environment.setenv("DATABASE_URL", database_url.get_secret_value())
    environment.setenv("ENVIRONMENT", service_environment)
    environment.setenv("SECRET_KEY", SECRET_KEY)

    CliRunner().invoke(main, ["run"])

    assert is_migrated(database_url) == expected


def test_current_and_history_show_revisions(
    environment: pytest.MonkeyPatch, database_url: SecretStr, versions: Path
) -> None:
    run_db(environment, database_url, "revision", "--empty", "-m", "a test")
    (added,) = versions.glob("*_a_test.py")
    (revision,) = re.findall(r"^revision = ['\"](\w+)", added.read_text(), re.MULTILINE)

    before = run_db(environment, database_url, "current").stdout
    run_db(environment, database_url, "upgrade")
    after = run_db(environment, database_url, "current").stdout
    listed = run_db(environment, database_url, "history").stdout

    assert revision not in before
    assert after.startswith(f"{revision} (head)")
    assert listed.splitlines()[0].endswith("a test")
    assert "(current)" in listed


def test_concurrent_upgrades_succeed(
    environment: pytest.MonkeyPatch, database_url: SecretStr, config: Config, tmp_path: Path
) -> None:
    link_project(tmp_path)
    environment.setenv("DATABASE_URL", database_url.get_secret_value())
    upgrade = [sys.executable, "-m", PACKAGE, "db", "upgrade"]

    replicas = [subprocess.Popen(upgrade) for _ in range(2)]

    assert [replica.wait(timeout=30) for replica in replicas] == [0, 0]
    command.check(config)


def test_upgrade_with_sql_only_prints_statements(
    environment: pytest.MonkeyPatch, database_url: SecretStr
) -> None:
    result = run_db(environment, database_url, "upgrade", "--sql")

    assert result.exit_code == 0
    has_revisions = any((MIGRATIONS / "versions").glob("*.py"))
    assert ("CREATE TABLE alembic_version" in result.output) == has_revisions
    assert table_names(database_url) == set()


def test_revision_contains_missing_tables(
    environment: pytest.MonkeyPatch,
    database_url: SecretStr,
    versions: Path,
    config: Config,
    new_table: Table,
) -> None:
    run_db(environment, database_url, "upgrade")
    before = table_names(database_url)

    written = run_db(environment, database_url, "revision", "-m", "a test")

    assert written.exit_code == 0, written.output
    assert run_db(environment, database_url, "upgrade").exit_code == 0
    assert table_names(database_url) - before == {new_table.name}
    command.check(config)
    assert run_db(environment, database_url, "downgrade", "-1").exit_code == 0
    assert table_names(database_url) == before


def test_revision_overwrites_no_file(
    environment: pytest.MonkeyPatch, database_url: SecretStr, versions: Path
) -> None:
    for message in ("a test", "A test!", "a test"):
        run_db(environment, database_url, "revision", "--empty", "-m", message)

    assert len(list(versions.glob("*_a_test.py"))) == 3


def test_revision_with_a_required_column_is_rejected(
    environment: pytest.MonkeyPatch,
    database_url: SecretStr,
    versions: Path,
    config: Config,
    new_table: Table,
) -> None:
    migrate_models(environment, database_url)
    new_table.append_column(Column("name", String(10), nullable=False))

    rejected = run_db(environment, database_url, "revision", "-m", "a test")

    assert rejected.exit_code == 1
    assert "NOT NULL column: moments.name.\nAdd a server_default" in rejected.output
    assert not list(versions.glob("*_a_test.py"))
    replacement = Column("name", String(10), nullable=False, server_default="")
    new_table.append_column(replacement, replace_existing=True)
    assert run_db(environment, database_url, "revision", "-m", "a test").exit_code == 0
    upgrade_with_rows(config, database_url)
    command.check(config)


@pytest.mark.parametrize("exists", [False, True])
def test_enums_and_types_are_migrated(
    environment: pytest.MonkeyPatch,
    database_url: SecretStr,
    versions: Path,
    config: Config,
    exists: bool,
) -> None:
    run_db(environment, database_url, "upgrade")
    if exists:
        table = Table("lamps", MetaData(), Column("id", Integer, primary_key=True))
        with added_to_the_models(table):
            run_db(environment, database_url, "revision", "-m", "preparation")
        run_db(environment, database_url, "upgrade")

    with added_to_the_models(LAMPS):
        written = run_db(environment, database_url, "revision", "-m", "a test")

        assert written.exit_code == 0, written.output
        (path,) = versions.glob("*_a_test.py")
        migration = path.read_text()
        assert 'sa.Column("color", sa.String(length=50), nullable=True)' in migration
        assert 'sa.Column("price", sa.Integer(), nullable=True)' in migration
        imports = re.findall("^import (.+)", migration, re.M)
        assert sorted(imports) == ["sqlalchemy as sa", __name__]
        upgrade_with_rows(config, database_url)
        assert run_db(environment, database_url, "downgrade", "-1").exit_code == 0
        assert run_db(environment, database_url, "upgrade").exit_code == 0
        command.check(config)


def test_check_constraints_are_migrated(
    environment: pytest.MonkeyPatch, database_url: SecretStr, versions: Path, config: Config
) -> None:
    with added_to_the_models(LAMPS) as lamps:
        migrate_models(environment, database_url)
        lamps.append_constraint(CheckConstraint("price > 0", name="price"))
        run_db(environment, database_url, "revision", "-m", "a test")
        (path,) = versions.glob("*_a_test.py")
        assert "ck_lamps_price" in path.read_text()
        assert run_db(environment, database_url, "upgrade").exit_code == 0
        write_migration(environment, database_url, versions, "another value", ANOTHER_VALUE)

        assert run_db(environment, database_url, "upgrade").exit_code == 0

        command.check(config)
    engine = create_engine(database_url.get_secret_value())
    for row in ((1, "BLUE", 1), (2, "RED", 0), (3, "PINK", 1)):
        with engine.begin() as connection, suppress(IntegrityError):
            connection.execute(INSERT_LAMP, dict(zip(("id", "color", "price"), row, strict=True)))
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT id FROM lamps")).all() == [1]
    engine.dispose()


@pytest.mark.parametrize(
    ("message", "error"),
    [("a test", "nothing that is compared has changed"), ("!", "summarize the migration")],
)
def test_revision_without_changes_or_name_is_rejected(
    environment: pytest.MonkeyPatch,
    database_url: SecretStr,
    versions: Path,
    message: str,
    error: str,
) -> None:
    run_db(environment, database_url, "upgrade")
    before = set(versions.glob("*.py"))

    rejected = run_db(environment, database_url, "revision", "-m", message)

    assert rejected.exit_code == 1
    assert error in rejected.output
    assert set(versions.glob("*.py")) == before


def test_database_and_revision_errors_are_one_line(
    environment: pytest.MonkeyPatch, database_url: SecretStr
) -> None:
    unreachable = run_db(environment, SecretStr(UNREACHABLE_URL), "upgrade")
    unknown = run_db(environment, database_url, "downgrade", "unknown")

    assert [unreachable.exit_code, unknown.exit_code] == [1, 1]
    assert unreachable.output.startswith("Error: cannot use the database")
    assert unknown.output.splitlines()[-1].startswith(
        "Error: Can't locate revision identified by 'unknown'"
    )


def test_failed_migration_raises_its_error(
    environment: pytest.MonkeyPatch, database_url: SecretStr, versions: Path
) -> None:
    write_migration(environment, database_url, versions, "a test", FAILING)

    failed = run_db(environment, database_url, "upgrade")

    assert isinstance(failed.exception, DBAPIError)
    assert "cannot use the database" not in failed.output
    assert "remains" not in table_names(database_url)


def test_empty_revision_passes_ruff(
    environment: pytest.MonkeyPatch, database_url: SecretStr, versions: Path
) -> None:
    run_db(environment, database_url, "revision", "--empty", "-m", "a test")

    checked = subprocess.run(
        [sys.executable, "-m", "ruff", "check", *versions.glob("*_a_test.py")],
        cwd=versions.parent.parent,
        capture_output=True,
        text=True,
    )

    assert checked.returncode == 0, checked.stdout


def test_next_revision_merges_branches(
    environment: pytest.MonkeyPatch, database_url: SecretStr, versions: Path, config: Config
) -> None:
    for name in ("before a test", "branch of a test"):
        command.revision(config, name, head="base", splice=True)
    assert run_db(environment, database_url, "upgrade").exit_code == 0
    heads = ScriptDirectory.from_config(config).get_heads()
    assert len(heads) >= 2

    written = run_db(environment, database_url, "revision", "--empty", "-m", "after a test")

    assert written.exit_code == 0, written.output
    (head,) = ScriptDirectory.from_config(config).get_heads()
    merged = ScriptDirectory.from_config(config).get_revision(head)
    assert merged
    assert merged.is_merge_point
    assert run_db(environment, database_url, "upgrade").exit_code == 0
    assert current_revisions(database_url) == [head]
    assert run_db(environment, database_url, "downgrade", "-1").exit_code == 0
    assert set(current_revisions(database_url)) == set(heads)
    rejected = run_db(environment, database_url, "downgrade", "-1")
    assert rejected.exit_code == 1
    assert "Error: -1 is ambiguous" in rejected.output
    targets = re.findall(r"  db downgrade (\S+)  # ", rejected.output)
    assert len(targets) == len(heads)
    assert run_db(environment, database_url, "downgrade", targets[0]).exit_code == 0
    assert len(set(heads) - set(current_revisions(database_url))) == 1


def test_installed_package_migrates_and_writes_no_revision(
    environment: pytest.MonkeyPatch, database_url: SecretStr, config: Config, tmp_path: Path
) -> None:
    installed = tmp_path / "100% installed" / "migrations"
    copytree(MIGRATIONS, installed)
    environment.setattr(f"{PACKAGE}.database.commands.INSTALLED_MIGRATIONS", installed)
    environment.setattr(f"{PACKAGE}.database.commands.PROJECT", tmp_path)

    assert run_db(environment, database_url, "upgrade").exit_code == 0
    rejected = run_db(environment, database_url, "revision", "--empty", "-m", "a test")

    command.check(config)
    assert rejected.exit_code == 1
    assert "run this in the project" in rejected.output
