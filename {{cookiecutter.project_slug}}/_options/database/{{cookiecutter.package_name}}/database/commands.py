"""Database commands: `python -m {{ cookiecutter.package_name }} db --help`."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

import click
from alembic import command
from alembic.config import Config
from alembic.operations.ops import MigrationScript
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from ..cli.settings import get_settings
from ..config import Settings
from ..observability.audit_log import log_event, record_operator
from .engine import is_unavailable, migration_engine, prepare, url_of
from .errors import SchemaOutdated
from .revisions import require_database, require_migrations

PROJECT = Path(__file__).parents[2]


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
    """Return the revision before the current one; if that joins branches, any of its parents."""
    with migration_engine(settings).connect() as connection:
        current = MigrationContext.configure(connection).get_current_heads()
    if len(current) > 1:
        raise click.ClickException(
            f"-1 is ambiguous: the database is at {', '.join(current)}; name a revision, or base"
        )
    revisions = ScriptDirectory.from_config(config).get_revisions(current)
    parents = [revision.down_revision for revision in revisions if revision]
    return parents[0][0] if parents and isinstance(parents[0], tuple) else "-1"


@db.command()
@click.option("--message", "-m", required=True, help="Summary in a few words.")
@click.option("--empty", is_flag=True, help="Write an empty migration, for example to change rows.")
def revision(message: str, empty: bool) -> None:
    """Write a migration: the difference between the models and the database."""
    config = alembic_config(get_settings())
    reject_existing_file(message)
    with database_errors_as_cli_errors():
        command.revision(
            config,
            message,
            autogenerate=not empty,
            head="heads",
            process_revision_directives=reject_empty_migration,
        )


def reject_empty_migration(
    context: object, revision: object, scripts: list[MigrationScript]
) -> None:
    """Reject a migration that would do nothing."""
    if all(operations.is_empty() for operations in scripts[0].upgrade_ops_list):
        raise click.ClickException(
            "nothing has changed in the models that migrations/env.py imports; --empty writes one anyway"
        )


def reject_existing_file(message: str) -> None:
    """Reject a message whose file exists: Alembic would overwrite it."""
    slug = "_".join(re.findall(r"\w+", message)).lower()
    if not slug:
        raise click.ClickException("summarize the migration in a few words")
    path = PROJECT / "migrations" / "versions" / f"{datetime.now().astimezone():%Y-%m-%d}_{slug}.py"
    if path.exists():
        raise click.ClickException(f"{path} exists; choose another summary")


def upgrade_to_heads(settings: Settings) -> None:
    """Upgrade the database to the newest revisions."""
    with database_errors_as_cli_errors():
        command.upgrade(alembic_config(settings), "heads")
    log_event("database upgraded", revision="heads")


def alembic_config(settings: Settings) -> Config:
    """Return the configuration in pyproject.toml, for the database of the settings."""
    return Config(toml_file=PROJECT / "pyproject.toml", attributes={"settings": settings})


@contextmanager
def command_engine() -> Iterator[Engine]:
    """Yield an engine for the database of the settings, which must have all migrations."""
    settings = get_settings()
    engine = create_engine(url_of(settings), hide_parameters=True, poolclass=NullPool)
    prepare(engine)
    with database_errors_as_cli_errors():
        require_database(settings)
        with engine.connect() as connection:
            require_migrations(connection, settings)
        yield engine


@contextmanager
def transaction() -> Iterator[Session]:
    """Begin a transaction on the database of the settings, committed at its end."""
    with command_engine() as engine, Session(engine) as session, session.begin():
        yield session


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
