"""The revision of the database, compared with the migrations."""

import logging

from sqlalchemy import Connection, inspect, text

from ..config import Settings
from .engine import database_exists
from .errors import SchemaOutdated

REVISIONS = text("SELECT version_num FROM alembic_version")


def require_database(settings: Settings) -> None:
    """Raise SchemaOutdated if the database does not exist."""
    if not database_exists(settings):
        raise SchemaOutdated(settings)


def require_migrations(connection: Connection, settings: Settings) -> None:
    """Raise SchemaOutdated if the database lacks migrations; it may have newer ones than this version."""
    # Alembic reports each of its plugins when it is imported.
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)
    # Imported here, because the server starts faster without Alembic.
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    from .commands import alembic_config

    try:
        script = ScriptDirectory.from_config(alembic_config(settings))
    except CommandError:
        # This installation has no migrations.
        return
    has_revisions = inspect(connection).has_table("alembic_version")
    current = set(connection.scalars(REVISIONS) if has_revisions else ())
    known = {each.revision for each in script.walk_revisions()}
    if current <= known and current != set(script.get_heads()):
        raise SchemaOutdated(settings)
