"""Engine, connections and error codes of SQLite."""

import re
import sqlite3
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any, Literal, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, PoolResetState

from ..config import PROJECT, Settings

Kind = Literal["read", "snapshot", "write"]

# A read transaction cannot become a write transaction while another one writes, so writers take the lock first.
BEGIN_WRITING = "BEGIN IMMEDIATE"

# The kinds of units of work: autocommit, a read-only transaction with one snapshot, and a read-write transaction.
EXECUTION_OPTIONS: dict[Kind, dict[str, Any]] = {
    "read": {"begin": None},
    "snapshot": {"begin": "BEGIN"},
    "write": {"begin": BEGIN_WRITING},
}

# Instructions of SQLite's virtual machine between two checks of the statement timeout; they take less than 1 ms.
INSTRUCTIONS_PER_CHECK = 10_000

# Result codes (https://www.sqlite.org/rescode.html) of temporary failures.
UNAVAILABLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
}


def compare_server_default(
    context: object, stored: object, column: object, before: str | None, default: object, after: str
) -> bool | None:
    """Return that an empty string has not changed, which Alembic takes for an expression; it compares the rest."""
    return False if (before, after) == ("('')", "") else None


# SQLite has few forms of ALTER TABLE, so Alembic copies tables. One transaction has all migrations, and locks the file.
MIGRATION_OPTIONS = {
    "render_as_batch": True,
    "compare_server_default": compare_server_default,
}


class ServiceCursor(sqlite3.Cursor):
    """A cursor that starts the statement timeout of its connection with each call."""

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
        """Fetch a row; SQLite computes rows as they are fetched."""
        self.connection.begin_call()
        return super().fetchone()

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """Fetch some rows."""
        self.connection.begin_call()
        return super().fetchmany(self.arraysize if size is None else size)

    def fetchall(self) -> list[Any]:
        """Fetch all rows."""
        self.connection.begin_call()
        return super().fetchall()


class ServiceConnection(sqlite3.Connection):
    """A connection with a statement timeout, which is read-only except after BEGIN_WRITING."""

    def __init__(
        self, *arguments: Any, statement_timeout: float, synchronous: str, **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self.statement_timeout, self.deadline, self.can_write = statement_timeout, inf, True
        self.set_progress_handler(self.is_late, INSTRUCTIONS_PER_CHECK)
        try:
            self.allow_writes(False)
            super().execute(f"PRAGMA synchronous = {synchronous}")
        except sqlite3.Error:
            self.close()
            raise

    def cursor(self, factory: Any = ServiceCursor) -> Any:
        """Create a cursor."""
        return super().cursor(factory)

    def rollback(self) -> None:
        """Roll back, and make the connection read-only; the pool calls this when the connection is returned."""
        super().rollback()
        self.allow_writes(False)

    def allow_writes(self, can_write: bool) -> None:
        """Make the connection read-write or read-only."""
        if can_write != self.can_write:
            super().execute(f"PRAGMA query_only = {'OFF' if can_write else 'ON'}")
            self.can_write = can_write

    def begin_call(self) -> None:
        """Start the timeout of the next call."""
        self.deadline = monotonic() + self.statement_timeout

    def is_late(self) -> bool:
        """Return whether the call has exceeded its timeout; SQLite calls this, and interrupts the call if so."""
        return monotonic() > self.deadline


def url_of(settings: Settings, driver: str = "pysqlite") -> URL:
    """Return the URL of the database for a driver."""
    url = make_url(settings.database_url.get_secret_value())
    return url.set(drivername=f"sqlite+{driver}", database=str(PROJECT / str(url.database)))


def database_exists(settings: Settings) -> bool:
    """Return whether the database file exists, or cannot be reached: a connection reports the reason then."""
    try:
        Path(str(url_of(settings).database)).stat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def engine_options(settings: Settings) -> dict[str, Any]:
    """Return the keyword arguments of `create_engine()`."""
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
    """Register the event listeners that configure connections and begin and reset transactions."""
    event.listen(engine, "connect", configure)
    event.listen(engine, "begin", begin)
    event.listen(engine, "reset", reset)


def command_engine(settings: Settings) -> Engine:
    """Create the engine for commands, without a statement timeout."""
    engine = create_engine(url_of(settings), hide_parameters=True, poolclass=NullPool)
    prepare(engine)
    return engine


def migration_engine(settings: Settings) -> Engine:
    """Create the engine for migrations, without foreign key checks, because Alembic copies and drops tables."""
    url = url_of(settings)
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, hide_parameters=True, poolclass=NullPool)
    event.listen(engine, "begin", begin)
    return engine


def migration_lock(engine: Engine) -> AbstractContextManager[None]:
    """Let one process migrate at a time: BEGIN_WRITING already locks the file."""
    return nullcontext()


def configure(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    """Enable the write-ahead log, for readers beside a writer, and foreign key checks."""
    # The driver must not begin transactions: it would begin one at the first write only.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def begin(connection: Connection) -> None:
    """Begin a transaction of the kind in the execution options, by default one that writes."""
    statement = connection.get_execution_options().get("begin", BEGIN_WRITING)
    if statement:
        connection.exec_driver_sql(statement)


def reset(connection: DBAPIConnection, record: ConnectionPoolEntry, state: PoolResetState) -> None:
    """Roll back a transaction that a failed COMMIT has left open; the next request would commit it."""
    driver: Any = record.driver_connection
    if state.asyncio_safe and driver.in_transaction:
        connection.rollback()


def is_unavailable(error: DBAPIError) -> bool:
    """Return whether the error is a temporary failure of the database, not a fault of the statement."""
    code: int = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return code & 0xFF in UNAVAILABLE


def is_transient(error: DBAPIError) -> bool:
    """Return whether a retry of the transaction may succeed: never, because writers wait for the lock."""
    return False


def constraint_of(error: IntegrityError) -> str | None:
    """Return the name of the violated constraint, or None if it is unknown."""
    kind, _, subject = str(error.orig).partition(" constraint failed: ")
    # SQLite reports the columns of a unique constraint; base.py derives its name from them.
    if kind == "UNIQUE" and re.fullmatch(r"(\w+)\.\w+(, \1\.\w+)*", subject):
        table = subject.partition(".")[0]
        return "_".join(["uq", table, *re.findall(r"\.(\w+)", subject)])
    return subject if kind == "CHECK" else None


def is_refused_write(error: DBAPIError, connection: Connection) -> bool:
    """Return whether the error is a write in a read-only unit of work, not a read-only file."""
    code: int = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_OK)
    begin = connection.get_execution_options().get("begin", BEGIN_WRITING)
    return code == sqlite3.SQLITE_READONLY and begin != BEGIN_WRITING
