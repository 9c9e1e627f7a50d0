"""Database commands: `python -m {{ cookiecutter.package_name }} db --help`."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click
from alembic import command
from alembic.config import Config
from alembic.operations.ops import AddColumnOp, MigrationScript, ModifyTableOps
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Column, Engine
from sqlalchemy.exc import DBAPIError

from ..cli.settings import get_settings
from ..config import Settings
from ..observability.audit_log import log_event, record_operator
from .engine import command_engine, is_unavailable, migration_engine
from .errors import SchemaOutdated
from .revisions import require_database, require_migrations

PROJECT = Path(__file__).parents[2]
# Exists in an installed wheel only: the build copies the project's folder `migrations` into the package.
INSTALLED_MIGRATIONS = Path(__file__).parents[1] / "migrations"

NOTHING_CHANGED = """nothing that is compared has changed in the models that migrations/env.py imports.
Not compared are conditions of CHECK constraints, values of enums, triggers and rows:
--empty writes a migration for you to complete."""
REQUIRED_COLUMN = "rows that exist have no value for a NOT NULL column"
WAYS_OUT = """
Add a server_default to the column, or write three migrations:
1. add the column as nullable;
2. set its value in all rows (db revision --empty);
3. make it NOT NULL."""


@click.group()
def db() -> None:
    """Manage the database; its migrations are in the folder `migrations`."""
    record_operator()


@db.command()
@click.argument("revision", default="heads")
@click.option("--sql", is_flag=True, help="Print the statements instead.")
def upgrade(revision: str, sql: bool) -> None:
    """Upgrade the database to a revision, by default to the newest ones."""
    with database_errors_as_cli_errors():
        command.upgrade(alembic_config(get_settings()), revision, sql=sql)
    if not sql:
        log_event("database upgraded", revision=revision)


# -1 is not an option.
@db.command(context_settings={"ignore_unknown_options": True})
@click.argument("revision")
@click.option("--sql", is_flag=True, help="Print the statements instead; REVISION is then FROM:TO.")
def downgrade(revision: str, sql: bool) -> None:
    """Downgrade the database to a revision: -1 is the one before, base is none at all."""
    settings = get_settings()
    config = alembic_config(settings)
    with database_errors_as_cli_errors():
        target = previous_revision(settings, config) if revision == "-1" else revision
        command.downgrade(config, target, sql=sql)
    if not sql:
        log_event("database downgraded", revision=revision)


@db.command()
def current() -> None:
    """Show the revisions of the database."""
    show(command.current)


@db.command()
def history() -> None:
    """List all migrations, newest first; the current ones are marked."""
    show(partial(command.history, indicate_current=True))


def show(print_with: Callable[[Config], None]) -> None:
    """Print the output of a command of Alembic."""
    config = alembic_config(get_settings())
    config.stdout = sys.stdout
    with database_errors_as_cli_errors():
        print_with(config)


def previous_revision(settings: Settings, config: Config) -> str:
    """Return the target of a downgrade that undoes the current revision only."""
    with migration_engine(settings).connect() as connection:
        current = MigrationContext.configure(connection).get_current_heads()
    revisions = ScriptDirectory.from_config(config).get_revisions(current)
    choices = {target_before(revision): revision.doc for revision in revisions if revision}
    if len(current) > 1:
        lines = [f"  db downgrade {target}  # {summary}" for target, summary in choices.items()]
        raise click.ClickException(
            "\n".join(["-1 is ambiguous, several branches are applied; choose one:", *lines])
        )
    return next(iter(choices), "-1")


def target_before(revision: Script) -> str:
    """Return the target of a downgrade that undoes a revision; if it joins branches, one of them."""
    parents = revision.down_revision
    return parents[0] if isinstance(parents, tuple) else f"{revision.revision}@-1"


@db.command()
@click.option("--message", "-m", required=True, help="Summary in a few words.")
@click.option("--empty", is_flag=True, help="Write an empty migration, for example to change rows.")
def revision(message: str, empty: bool) -> None:
    """Write a migration: the difference between the models and the database."""
    config = alembic_config(get_settings())
    if INSTALLED_MIGRATIONS.exists():
        raise click.ClickException("an installed package is not changed; run this in the project")
    reject_empty_summary(message)
    with database_errors_as_cli_errors():
        command.revision(
            config,
            message,
            autogenerate=not empty,
            head="heads",
            process_revision_directives=reject_unusable_migration,
        )


def reject_unusable_migration(
    context: object, revision: object, scripts: list[MigrationScript]
) -> None:
    """Reject a migration that would do nothing, or that would fail on tables with rows."""
    operations = [one for group in scripts[0].upgrade_ops_list for one in group.ops]
    if not operations:
        raise click.ClickException(NOTHING_CHANGED)
    required = [
        f"{change.table_name}.{change.column.name}"
        for operation in operations
        if isinstance(operation, ModifyTableOps)
        for change in operation.ops
        if isinstance(change, AddColumnOp) and requires_value(change.column)
    ]
    if required:
        raise click.ClickException(f"{REQUIRED_COLUMN}: {', '.join(required)}.{WAYS_OUT}")


def requires_value(column: Column[Any]) -> bool:
    """Return whether the database rejects a row without a value for the column."""
    return not (column.nullable or column.server_default or column.computed or column.identity)


def reject_empty_summary(message: str) -> None:
    """Reject a message without words."""
    if not re.search(r"\w", message):
        raise click.ClickException(
            'summarize the migration in a few words: make migration m="add a column"'
        )


def upgrade_to_heads(settings: Settings) -> None:
    """Upgrade the database to the newest revisions."""
    with database_errors_as_cli_errors():
        command.upgrade(alembic_config(settings), "heads")
    log_event("database upgraded", revision="heads")


def alembic_config(settings: Settings) -> Config:
    """Return the configuration in pyproject.toml, for the database of the settings.

    An installed wheel has no pyproject.toml, and its migrations are in the package.
    """
    config = Config(toml_file=PROJECT / "pyproject.toml", attributes={"settings": settings})
    if INSTALLED_MIGRATIONS.exists():
        # % has a meaning in the values of Alembic.
        config.set_main_option("script_location", str(INSTALLED_MIGRATIONS).replace("%", "%%"))
    return config


@contextmanager
def migrated_engine() -> Iterator[Engine]:
    """Yield an engine for the database of the settings, which must have all migrations."""
    settings = get_settings()
    engine = command_engine(settings)
    with database_errors_as_cli_errors():
        require_database(settings)
        with engine.connect() as connection:
            require_migrations(connection, settings)
        yield engine


@contextmanager
def database_errors_as_cli_errors() -> Iterator[None]:
    """Report errors of the database and of migrations in one line."""
    try:
        yield
    except (CommandError, SchemaOutdated) as error:
        raise click.ClickException(str(error)) from None
    except (DBAPIError, OSError) as error:
        # Anything else is a bug in a migration, which the traceback shows.
        if isinstance(error, DBAPIError) and not is_unavailable(error):
            raise
        message = f"cannot use the database: {getattr(error, 'orig', error)}"
        raise click.ClickException(message) from None
