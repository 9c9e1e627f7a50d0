"""How the service speaks to SQLite."""

import re
import sqlite3
from collections.abc import Iterable
from functools import partial
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any, Literal, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, PoolResetState

from ..config import Settings

Kind = Literal["read", "snapshot", "write"]

# A reader cannot turn writer later: who is going to write waits for its turn now.
BEGIN_WRITING = "BEGIN IMMEDIATE"

# The options of a session: each statement by itself, as connections are by default; one snapshot for all statements;
# all statements or none of them, and the one kind that can write.
KINDS: dict[Kind, dict[str, Any]] = {
    "read": {"begin": None},
    "snapshot": {"begin": "BEGIN"},
    "write": {"begin": BEGIN_WRITING},
}

# How many of SQLite's own instructions are executed between two looks at the clock: less than a millisecond of them.
INSTRUCTIONS = 10_000

# Little of a table can be changed: a new one takes its place.
MIGRATION_OPTIONS = {"render_as_batch": True}

# Codes of https://www.sqlite.org/rescode.html that are no fault of the statement.
UNAVAILABLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
}


class ServiceCursor(sqlite3.Cursor):
    """A cursor of ServiceConnection, which measures the time of each call."""

    connection: "ServiceConnection"

    def execute(self, sql: str, parameters: Any = ()) -> Self:
        """Execute a statement."""
        self.connection.begin_call()
        if sql == BEGIN_WRITING:
            self.connection.allow_writes(True)
        return super().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Self:
        """Execute a statement with many parameters."""
        self.connection.begin_call()
        return super().executemany(sql, parameters)

    def fetchone(self) -> Any:
        """Fetch a row, which SQLite looks for now."""
        self.connection.begin_call()
        return super().fetchone()

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """Fetch some rows, which SQLite looks for now."""
        self.connection.begin_call()
        return super().fetchmany(self.arraysize if size is None else size)

    def fetchall(self) -> list[Any]:
        """Fetch all rows, which SQLite looks for now."""
        self.connection.begin_call()
        return super().fetchall()


class ServiceConnection(sqlite3.Connection):
    """A connection that writes in transactions that begin so, and interrupts what takes too long."""

    def __init__(
        self, *arguments: Any, statement_timeout: float, synchronous: str, **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self.statement_timeout, self.deadline, self.can_write = statement_timeout, inf, True
        self.set_progress_handler(self.is_late, INSTRUCTIONS)
        try:
            self.allow_writes(False)
            super().execute(f"PRAGMA synchronous = {synchronous}")
        except sqlite3.Error:
            self.close()
            raise

    def cursor(self, factory: Any = ServiceCursor) -> Any:
        """Make a cursor."""
        return super().cursor(factory)

    def rollback(self) -> None:
        """Roll back, as is done whenever the connection is given back; what follows cannot write."""
        super().rollback()
        self.allow_writes(False)

    def allow_writes(self, can_write: bool) -> None:
        """Let statements write, or let SQLite refuse those that would."""
        if can_write != self.can_write:
            super().execute(f"PRAGMA query_only = {'OFF' if can_write else 'ON'}")
            self.can_write = can_write

    def begin_call(self) -> None:
        """Give the next call its time."""
        self.deadline = monotonic() + self.statement_timeout

    def is_late(self) -> bool:
        """Tell SQLite whether to interrupt the call; it asks while it works."""
        return monotonic() > self.deadline


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
        "connect_args": {
            "timeout": settings.database_lock_timeout,
            "factory": partial(
                ServiceConnection,
                statement_timeout=settings.database_statement_timeout,
                synchronous=settings.database_synchronous,
            ),
        },
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
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def begin(connection: Connection) -> None:
    """Begin as the kind demands; what is of no kind is going to write."""
    statement = connection.get_execution_options().get("begin", BEGIN_WRITING)
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
    # SQLite names the columns of a unique constraint; the convention in base.py names it by them.
    if kind == "UNIQUE" and re.fullmatch(r"(\w+)\.\w+(, \1\.\w+)*", subject):
        table = subject.partition(".")[0]
        return "_".join(["uq", table, *re.findall(r"\.(\w+)", subject)])
    return subject if kind == "CHECK" else None


def is_refused_write(error: DBAPIError, connection: Connection) -> bool:
    """Tell whether what only reads was to write, which is not the file's fault."""
    code: int = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_OK)
    begin = connection.get_execution_options().get("begin", BEGIN_WRITING)
    return code == sqlite3.SQLITE_READONLY and begin != BEGIN_WRITING
