"""How the service speaks to SQLite."""

import re
import sqlite3
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, PoolResetState

from .config import Settings

Kind = Literal["read", "snapshot", "write"]

# The options of a session: each statement by itself, as connections are by default; one snapshot for all statements;
# all statements or none of them.
KINDS: dict[Kind, dict[str, Any]] = {
    "read": {"begin": None},
    "snapshot": {"begin": "BEGIN"},
    "write": {"begin": "BEGIN IMMEDIATE"},
}

# Little of a table can be changed: a new one takes its place.
MIGRATION_OPTIONS = {"render_as_batch": True}

# Codes of https://www.sqlite.org/rescode.html that are no fault of the statement.
UNAVAILABLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
}


def url_of(settings: Settings, driver: str = "pysqlite") -> URL:
    """Return the URL of the database with a driver."""
    return make_url(settings.database_url.get_secret_value()).set(drivername=f"sqlite+{driver}")


def options_of(settings: Settings) -> dict[str, Any]:
    """Return the arguments of `create_engine()`."""
    return {
        "hide_parameters": True,
        "max_overflow": 0,
        "pool_size": settings.database_pool_size,
        "pool_timeout": settings.database_pool_timeout,
        "connect_args": {"timeout": settings.database_lock_timeout},
    }


def prepare(engine: Engine) -> None:
    """Configure connections as they are made, and begin transactions as their kind demands."""
    event.listen(engine, "connect", configure)
    event.listen(engine, "begin", begin)
    event.listen(engine, "reset", reset)


def migration_engine(settings: Settings) -> Engine:
    """Make the engine of migrations, which replace whole tables: foreign keys do not count meanwhile."""
    url = url_of(settings)
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, hide_parameters=True, poolclass=NullPool)
    event.listen(engine, "begin", begin)
    return engine


def lock(connection: Connection) -> None:
    """Let one process migrate at a time: nothing is left to do, the transaction does it."""


def configure(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    """Let readers and a writer work at once, and let foreign keys count."""
    # The driver by itself begins no transaction before the first write, which is too late.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def begin(connection: Connection) -> None:
    """Begin; who is going to write waits for its turn now, since a reader cannot turn writer later."""
    statement = connection.get_execution_options().get("begin", "BEGIN IMMEDIATE")
    if statement:
        connection.exec_driver_sql(statement)


def reset(connection: DBAPIConnection, record: ConnectionPoolEntry, state: PoolResetState) -> None:
    """Roll back what a failed COMMIT has left open; the next request would commit it."""
    driver: Any = record.driver_connection
    if state.asyncio_safe and driver.in_transaction:
        connection.rollback()


def is_unavailable(error: DBAPIError) -> bool:
    """Tell whether the database could not be used just now."""
    code: int = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return code & 0xFF in UNAVAILABLE


def is_transient(error: DBAPIError) -> bool:
    """Tell whether the same transaction can succeed at once; SQLite lets writers wait instead."""
    return False


def constraint_of(error: IntegrityError) -> str | None:
    """Return the name of the constraint that a statement violates, or None if it has none."""
    kind, _, subject = str(error.orig).partition(" constraint failed: ")
    # SQLite names the columns of a unique constraint; the convention in models.py names it by them.
    if kind == "UNIQUE" and re.fullmatch(r"(\w+)\.\w+(, \1\.\w+)*", subject):
        table = subject.partition(".")[0]
        return "_".join(["uq", table, *re.findall(r"\.(\w+)", subject)])
    return subject if kind == "CHECK" else None
