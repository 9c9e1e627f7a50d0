"""What is special about SQLite."""

import sqlite3
from importlib import import_module
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError

from .conftest import PACKAGE, IsolatedSettings, Settings, create_app
from .databases import make_empty_database
from .framework import client_for
from .sessions import route_statements

engine = import_module(f"{PACKAGE}.engine")


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "service.db",
        "sqlite+aiosqlite:///service.db",
    ],
)
def test_url_is_that_of_a_file(url: str) -> None:
    with pytest.raises(ValidationError, match="has to be the URL of a file"):
        IsolatedSettings.model_validate({"database_url": url})


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("UNIQUE constraint failed: things.name", "uq_things_name"),
        ("UNIQUE constraint failed: things.kind, things.name", "uq_things_kind_name"),
        ("UNIQUE constraint failed: index 'things.name'", None),
        ("CHECK constraint failed: ck_things_name", "ck_things_name"),
        ("NOT NULL constraint failed: things.name", None),
        ("FOREIGN KEY constraint failed", None),
    ],
)
def test_constraint_of_an_error_has_its_name(message: str, name: str | None) -> None:
    error = IntegrityError("", {}, sqlite3.IntegrityError(message))

    assert engine.constraint_of(error) == name


def test_database_has_a_default_in_development_only(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("DATABASE_URL")

    assert Settings().database_url.get_secret_value() == "sqlite:///instance/development.db"
    environment.setenv("ENVIRONMENT", "production")
    with pytest.raises(ValidationError, match=r"database_url\n.*is required outside development"):
        Settings()


def test_connections_are_configured() -> None:
    app = create_app(IsolatedSettings())
    pragmas = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 1, "busy_timeout": 5000}
    for name in pragmas:
        route_statements(app, f"/{name}", [f"PRAGMA {name}"])

    with client_for(app) as client:
        assert {name: client.get(f"/{name}").json() for name in pragmas} == pragmas


def test_writer_waits_for_another_but_not_for_ever() -> None:
    url = make_empty_database()
    app = create_app(IsolatedSettings(database_url=url, database_lock_timeout=0.1))
    route_statements(app, "/write", ["CREATE TABLE written (id INTEGER)"], "POST")
    route_statements(app, "/read", ["SELECT 1"])
    path = Path(url.get_secret_value().removeprefix("sqlite:///"))

    with client_for(app) as client, sqlite3.connect(path, isolation_level=None) as other:
        client.get("/read")
        other.execute("BEGIN IMMEDIATE")
        assert client.post("/write").status_code == 503
        assert client.get("/read").status_code == 200
        other.execute("ROLLBACK")
        assert client.post("/write").status_code == 200
    other.close()
