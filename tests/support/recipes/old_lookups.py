# mypy: ignore-errors
"""The command that deletes old lookups."""

from datetime import timedelta

from my_service.database.base import now
from my_service.lookups.models import Lookup
from sqlalchemy import create_engine, delete, insert, select

from .support.framework import run_command


def test_command_deletes_old_lookups(app, settings):
    engine = create_engine(settings.database_url.get_secret_value())
    with engine.begin() as connection:
        for days in (29, 31):
            row = {"host": f"{days}", "address": "192.0.2.1", "created_at": now() - timedelta(days=days)}
            connection.execute(insert(Lookup).values(row))

    result = run_command(app, "delete-old-lookups")

    assert result.exit_code == 0
    with engine.begin() as connection:
        assert connection.scalars(select(Lookup.host)).all() == ["29"]
        connection.execute(delete(Lookup))
    engine.dispose()
