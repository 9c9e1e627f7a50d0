"""Behaviour specific to SQLite."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError, OperationalError

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.config import PROJECT, Settings
from {{ cookiecutter.package_name }}.database import engine
from {{ cookiecutter.package_name }}.database.errors import SCHEMA_OUTDATED

from ..support.databases import make_database
from ..support.embedded import SLOW_QUERY
from ..support.framework import client_for
from ..support.sessions import held_connection, route_statements
from ..support.settings import IsolatedSettings

NUMBERS = "WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "service.db",
        "sqlite+pysqlite:///service.db",
    ],
)
def test_other_urls_are_rejected(url: str) -> None:
    with pytest.raises(ValidationError, match="must be a SQLite file URL"):
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
def test_error_names_its_constraint(message: str, name: str | None) -> None:
    error = IntegrityError("", {}, sqlite3.IntegrityError(message))

    assert engine.constraint_of(error) == name


def test_database_url_has_a_default_in_development_only(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("DATABASE_URL")

    assert Settings().database_url.get_secret_value() == "sqlite:///instance/development.db"
    environment.setenv("ENVIRONMENT", "production")
    with pytest.raises(ValidationError, match=r"database_url\n.*is required outside development"):
        Settings()


def test_path_of_the_database_is_relative_to_the_project() -> None:
    for url, path in (
        ("sqlite:///instance/development.db", PROJECT / "instance" / "development.db"),
        ("sqlite:////srv/service.db", Path("/srv/service.db")),
    ):
        settings = IsolatedSettings.model_validate({"database_url": url})

        assert engine.url_of(settings).database == str(path)


def test_connections_are_configured() -> None:
    app = create_app(IsolatedSettings())
    pragmas = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 5000}
    for name in pragmas:
        route_statements(app, f"/{name}", [f"PRAGMA {name}"])

    with client_for(app) as client:
        assert {name: client.get(f"/{name}").json() for name in pragmas} == pragmas


def test_synchronous_mode_is_configurable() -> None:
    app = create_app(IsolatedSettings.model_validate({"database_synchronous": "normal"}))
    route_statements(app, "/synchronous", ["PRAGMA synchronous"])

    with client_for(app) as client:
        assert client.get("/synchronous").json() == 1


def test_unknown_synchronous_mode_is_rejected() -> None:
    with pytest.raises(ValidationError, match="database_synchronous"):
        IsolatedSettings.model_validate({"database_synchronous": "sometimes"})


def test_only_write_transactions_can_write() -> None:
    app = create_app(IsolatedSettings(database_pool_size=2))
    for method in ("GET", "POST"):
        route_statements(app, f"/{method}", ["PRAGMA query_only"], method)
    error = ValueError()
    route_statements(app, "/fail", ["SELECT 1"], "POST", error)

    with client_for(app) as client:
        for path in ("/POST", "/fail"):
            assert client.get("/GET").json() == 1
            assert client.post("/POST").json() == 0
            client.post(path)
        assert client.get("/GET").json() == 1
        with held_connection(app, client):
            assert client.get("/GET").json() == 1


@pytest.fixture
def cursor() -> Iterator[sqlite3.Cursor]:
    """Yield a cursor with a statement timeout of 0.05 seconds."""
    connection = engine.ServiceConnection(
        ":memory:", isolation_level=None, statement_timeout=0.05, synchronous="FULL"
    )
    with closing(connection):
        yield connection.cursor()


@pytest.mark.parametrize("fetch", ["fetchone", "fetchmany", "fetchall"])
def test_slow_statement_is_interrupted(cursor: sqlite3.Cursor, fetch: str) -> None:
    cursor.execute(f"{NUMBERS} WHERE i = 0")
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        getattr(cursor, fetch)()
    cursor.execute("BEGIN IMMEDIATE")
    cursor.execute("CREATE TABLE numbers (number INTEGER)")
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        cursor.executemany(f"INSERT INTO numbers {SLOW_QUERY.replace('(0)', '(?)')}", [(1,)])


def test_timeout_excludes_the_time_between_fetches(cursor: sqlite3.Cursor) -> None:
    cursor.execute(NUMBERS)

    for fetch in (cursor.fetchone, cursor.fetchmany, cursor.fetchone):
        time.sleep(0.06)
        assert fetch()
    cursor.arraysize = 2
    assert [row for (row,) in cursor.fetchmany()] == [3, 4]
    for _ in range(3):
        time.sleep(0.06)
        assert len(cursor.fetchmany(2000)) == 2000


def test_other_file_is_closed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no database" * 100)

    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        engine.ServiceConnection(tmp_path / "file", statement_timeout=1, synchronous="FULL")


def test_lock_error_is_not_transient() -> None:
    assert not engine.is_transient(OperationalError("", {}, Exception("locked")))


def test_lock_wait_times_out() -> None:
    url = make_database()
    app = create_app(IsolatedSettings(database_url=url, database_lock_timeout=0.1))
    route_statements(app, "/write", ["CREATE TABLE things (id INTEGER)"], "POST")
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


def test_missing_file_is_reported_as_missing_migrations(tmp_path: Path) -> None:
    app = create_app(
        IsolatedSettings.model_validate({"database_url": f"sqlite:///{tmp_path}/new/service.db"})
    )
    route_statements(app, "/one", ["SELECT 1"])

    with client_for(app) as client:
        assert client.get("/readyz").json()["reasons"] == {"database": SCHEMA_OUTDATED}
        assert client.get("/one").json()["detail"] == SCHEMA_OUTDATED
    assert not (tmp_path / "new").exists()
