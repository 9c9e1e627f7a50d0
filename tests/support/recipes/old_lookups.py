# mypy: ignore-errors
"""The lookups that the recipe stores, and the command that deletes old ones."""

from datetime import timedelta

import pytest
from my_service.database.base import now
from my_service.lookups.models import Lookup
from sqlalchemy import create_engine, delete, insert, select

from .support.framework import run_command
from .support.sessions import get_engine


@pytest.fixture
def connection(settings):
    """Yield a connection that commits each statement, and delete all lookups at the end."""
    engine = create_engine(settings.database_url.get_secret_value(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
        connection.execute(delete(Lookup))
    engine.dispose()


def test_call_holds_no_connection(app, client, connection, monkeypatch):
    held = []

    def resolve(host):
        held.append(get_engine(app).pool.checkedout())
        return "192.0.2.1"

    monkeypatch.setattr("my_service.lookups.resolver.resolve", resolve)

    client.post("/api/v1/lookups/example.com")

    assert held == [0]
    assert connection.execute(select(Lookup.host, Lookup.address)).all() == [("example.com", "192.0.2.1")]


def test_command_deletes_old_lookups(app, connection):
    for days in (29, 31):
        row = {"host": f"{days}", "address": "192.0.2.1", "created_at": now() - timedelta(days=days)}
        connection.execute(insert(Lookup).values(row))

    result = run_command(app, "delete-old-lookups")

    assert result.exit_code == 0
    assert connection.scalars(select(Lookup.host)).all() == ["29"]
