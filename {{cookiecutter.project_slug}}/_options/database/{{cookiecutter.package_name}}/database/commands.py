"""The commands of the database: `python -m {{ cookiecutter.package_name }} db --help`."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click
from alembic import command
from alembic.config import Config
from alembic.operations.ops import MigrationScript
from alembic.script import ScriptDirectory
from alembic.script.revision import MultipleHeads
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from ..cli.settings import get_settings
from ..config import Settings
from ..observability.audit_log import log_event, record_operator
from .engine import is_unavailable

PROJECT = Path(__file__).parents[2]


@click.group()
def db() -> None:
    """Look after the database; its migrations are in the folder `migrations`."""
    record_operator()


@db.command()
@click.argument("revision", default="head")
@click.option("--sql", is_flag=True, help="Print the statements instead.")
def upgrade(revision: str, sql: bool) -> None:
    """Bring the database up to a revision, by default the newest one."""
    with told():
        command.upgrade(alembic_config(get_settings()), revision, sql=sql)
    if not sql:
        log_event("database upgraded", revision=revision)


# -1 is no option.
@db.command(context_settings={"ignore_unknown_options": True})
@click.argument("revision")
@click.option("--sql", is_flag=True, help="Print the statements instead; REVISION is then FROM:TO.")
def downgrade(revision: str, sql: bool) -> None:
    """Take the database down to a revision: -1 is the one before, base is none at all."""
    with told():
        command.downgrade(alembic_config(get_settings()), revision, sql=sql)
    if not sql:
        log_event("database downgraded", revision=revision)


@db.command()
@click.option("--message", "-m", required=True, help="What it does, in a few words.")
@click.option("--empty", is_flag=True, help="Write one that does nothing yet, to change rows.")
def revision(message: str, empty: bool) -> None:
    """Write a migration: what the tables are, against what the database has."""
    config = alembic_config(get_settings())
    refuse_taken_name(message)
    with told():
        command.revision(
            config, message, autogenerate=not empty, process_revision_directives=refuse_nothing
        )


def refuse_nothing(context: object, revision: object, scripts: list[MigrationScript]) -> None:
    """Refuse to write a migration that would do nothing."""
    if all(operations.is_empty() for operations in scripts[0].upgrade_ops_list):
        raise click.ClickException(
            "nothing has changed in the tables of the domains in api.py; --empty writes one anyway"
        )


@db.command()
@click.option("--message", "-m", required=True, help="What it does, in a few words.")
def merge(message: str) -> None:
    """Write a migration that joins two lines of them, such as those of two branches."""
    # The files say all that is needed: it takes neither settings nor a database.
    config = Config(toml_file=PROJECT / "pyproject.toml")
    with told():
        if len(ScriptDirectory.from_config(config).get_heads()) < 2:
            raise click.ClickException("the migrations are in one line: there is nothing to join")
        refuse_taken_name(message)
        command.merge(config, "heads", message)


def refuse_taken_name(message: str) -> None:
    """Refuse a message whose file is there already: Alembic would write over it."""
    slug = "_".join(re.findall(r"\w+", message)).lower()
    if not slug:
        raise click.ClickException("say what it does, in a few words")
    path = PROJECT / "migrations" / "versions" / f"{datetime.now().astimezone():%Y-%m-%d}_{slug}.py"
    if path.exists():
        raise click.ClickException(f"{path} is there already; say what this one does instead")


def upgrade_to_head(settings: Settings) -> None:
    """Bring the database up to the newest revision."""
    with told():
        command.upgrade(alembic_config(settings), "head")
    log_event("database upgraded", revision="head")


def alembic_config(settings: Settings) -> Config:
    """Return the configuration in pyproject.toml, for the database of the settings."""
    return Config(toml_file=PROJECT / "pyproject.toml", attributes={"settings": settings})


@contextmanager
def told() -> Iterator[None]:
    """Say in a line what went wrong with the database or the migrations."""
    try:
        yield
    except CommandError as error:
        reason = str(error)
        if isinstance(error.__cause__, MultipleHeads):
            reason = "the migrations are in more than one line; `db merge -m both` joins them"
        raise click.ClickException(reason) from None
    except (DBAPIError, OSError) as error:
        # Anything else is a fault in a migration, which the traceback shows.
        if isinstance(error, DBAPIError) and not is_unavailable(error):
            raise
        message = f"cannot use the database: {getattr(error, 'orig', error)}"
        raise click.ClickException(message) from None
