"""Engine, connections and error codes of PostgreSQL."""

import os
import selectors
from collections.abc import Iterator
from contextlib import contextmanager
from time import sleep
from typing import Any, Literal

from psycopg.pq import TransactionStatus
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, PoolProxiedConnection, PoolResetState

from ..config import Settings

Kind = Literal["read", "snapshot", "write"]

# The kinds of units of work: autocommit, a read-only transaction with one snapshot, and a read-write transaction.
# `read` takes the options of the engine: with transaction pooling it is a read-only transaction too.
EXECUTION_OPTIONS: dict[Kind, dict[str, Any]] = {
    "read": {},
    "snapshot": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
    "write": {"isolation_level": "READ COMMITTED", "postgresql_readonly": False},
}

# Seconds to wait for packets of the server, and for a client to receive the next part of a stream.
NETWORK_TIMEOUT = 5
IDLE_TIMEOUT = 60

# Each migration is a transaction, so that the next one can use a new value of an enum type.
MIGRATION_OPTIONS = {"transaction_per_migration": True}

# poll() has no limit of file descriptors, as select() has; Windows lacks it.
Selector: type[selectors.BaseSelector] = getattr(
    selectors, "PollSelector", selectors.SelectSelector
)

# The number is any one that no other lock in the database uses. A parameter would keep the snapshot of the statement.
MIGRATION_LOCK = text("SELECT pg_try_advisory_xact_lock(5432001)")
MIGRATION_LOCK_INTERVAL = 0.1

# Codes and classes of SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html.
READ_ONLY = "25006"
TRANSIENT = {"40001", "40P01"}
UNAVAILABLE = ("08", "25P03", "25P04", "40", "53", "55P03", "57", "58")


def url_of(settings: Settings, driver: str = "psycopg") -> URL:
    """Return the URL of the database for a driver."""
    return make_url(settings.database_url.get_secret_value()).set(drivername=f"postgresql+{driver}")


def database_exists(settings: Settings) -> bool:
    """Return True: the server rejects connections to a database that does not exist."""
    return True


def engine_options(settings: Settings) -> dict[str, Any]:
    """Return the keyword arguments of `create_engine()`."""
    session = {
        "statement_timeout": round(settings.database_statement_timeout * 1000),
        "lock_timeout": round(settings.database_lock_timeout * 1000),
        "idle_in_transaction_session_timeout": IDLE_TIMEOUT * 1000,
        "timezone": "UTC",
    }
    options: dict[str, Any] = {
        "hide_parameters": True,
        "isolation_level": "AUTOCOMMIT",
        "max_overflow": 0,
        "pool_size": settings.database_pool_size,
        "pool_timeout": settings.database_pool_timeout,
        "connect_args": {
            "connect_timeout": NETWORK_TIMEOUT,
            # Without these, TCP detects a crashed server only after some 15 minutes.
            "tcp_user_timeout": NETWORK_TIMEOUT * 1000,
            "keepalives_idle": NETWORK_TIMEOUT,
            "keepalives_interval": 1,
        },
    }
    if settings.database_transaction_pooling:
        # The next transaction may use another connection to the server, so nothing outlives a transaction.
        options["connect_args"]["prepare_threshold"] = None
        options["isolation_level"] = "READ COMMITTED"
        options["execution_options"] = {
            "begin": "; ".join(f"SET LOCAL {name} = {value!r}" for name, value in session.items())
        }
    else:
        # The options of the URL or of the environment, which this argument replaces, come last and so take precedence.
        url_options = url_of(settings).normalized_query.get("options")
        options["connect_args"]["options"] = " ".join(
            [
                *(f"-c {name}={value}" for name, value in session.items()),
                "-c default_transaction_read_only=on",
                *(url_options or [os.environ.get("PGOPTIONS", "")]),
            ]
        )
    return options


def prepare(engine: Engine) -> None:
    """Register the event listeners that detect closed connections, and begin and reset transactions."""
    event.listen(engine, "begin", begin)
    event.listen(engine, "checkout", reject_closed_connection)
    event.listen(engine, "reset", reset)


def command_engine(settings: Settings) -> Engine:
    """Create the engine for commands, without timeouts."""
    return migration_engine(settings)


def migration_engine(settings: Settings) -> Engine:
    """Create the engine for migrations, without timeouts, and without prepared statements in case of a pooler."""
    return create_engine(
        url_of(settings),
        hide_parameters=True,
        isolation_level="READ COMMITTED",
        poolclass=NullPool,
        connect_args={"prepare_threshold": None},
    )


@contextmanager
def migration_lock(engine: Engine) -> Iterator[None]:
    """Let one process migrate at a time: hold an advisory lock in a transaction of its own.

    CREATE INDEX CONCURRENTLY waits for all snapshots: neither this transaction nor one that waits for it may have one.
    """
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        while not connection.scalar(MIGRATION_LOCK):
            sleep(MIGRATION_LOCK_INTERVAL)
        yield


def reject_closed_connection(
    connection: DBAPIConnection, record: ConnectionPoolEntry, proxy: PoolProxiedConnection
) -> None:
    """Raise DisconnectionError if the socket of an idle connection is readable: the server has closed it.

    Unlike `pool_pre_ping`, this needs no round trip to the server.
    """
    selector: selectors.BaseSelector | None = record.info.get("selector")
    if selector is None:
        driver: Any = record.driver_connection
        record.info["selector"] = selector = Selector()
        selector.register(driver.pgconn.socket, selectors.EVENT_READ)
    if selector.select(timeout=0):
        raise DisconnectionError("the server has closed the connection")


def begin(connection: Connection) -> None:
    """Set the timeouts of a transaction if the session has none, because of transaction pooling."""
    options = connection.get_execution_options()
    if "begin" in options:
        read_only = options.get("postgresql_readonly", True)
        statement = f"{options['begin']}; SET LOCAL transaction_read_only = {read_only}"
        connection.exec_driver_sql(statement)


def reset(connection: DBAPIConnection, record: ConnectionPoolEntry, state: PoolResetState) -> None:
    """Roll back a transaction that an interrupted COMMIT has left open, so that the pool can reuse the connection."""
    driver: Any = record.driver_connection
    if state.asyncio_safe and driver.pgconn.transaction_status != TransactionStatus.IDLE:
        connection.rollback()


def is_unavailable(error: DBAPIError) -> bool:
    """Return whether the error is a temporary failure of the database, not a fault of the statement."""
    code = getattr(error.orig, "sqlstate", None)
    # A failure to connect has no code.
    return code.startswith(UNAVAILABLE) if code else isinstance(error, OperationalError)


def is_transient(error: DBAPIError) -> bool:
    """Return whether a retry of the transaction may succeed: after a deadlock, or after a lost connection.

    If the connection was lost during COMMIT (for SQLAlchemy not a statement), the outcome is unknown: do not retry.
    """
    if error.connection_invalidated:
        return error.statement is not None
    return getattr(error.orig, "sqlstate", None) in TRANSIENT


def is_refused_write(error: DBAPIError, connection: Connection) -> bool:
    """Return whether the error is a write in a read-only unit of work."""
    return getattr(error.orig, "sqlstate", None) == READ_ONLY


def constraint_of(error: IntegrityError) -> str | None:
    """Return the name of the violated constraint, or None if it is unknown."""
    name: str | None = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    return name
