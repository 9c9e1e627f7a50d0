"""How the service speaks to PostgreSQL."""

import selectors
from typing import Any, Literal

from psycopg.pq import TransactionStatus
from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, PoolProxiedConnection, PoolResetState

from ..config import Settings

Kind = Literal["read", "snapshot", "write"]

# The options of a session: each statement by itself, as connections are by default; one snapshot for all statements;
# all statements or none of them, and the one kind that says it writes.
KINDS: dict[Kind, dict[str, Any]] = {
    "read": {},
    "snapshot": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
    "write": {"isolation_level": "READ COMMITTED", "postgresql_readonly": False},
}

# Seconds, for what no setting is needed: for the server's machine to answer at all, and for a client to take the next
# part of a stream.
NETWORK_TIMEOUT = 5
IDLE_TIMEOUT = 60

# What Alembic is to do otherwise than it does by itself.
MIGRATION_OPTIONS: dict[str, Any] = {}

# One that knows no limit of open files; Windows has it not.
Selector: type[selectors.BaseSelector] = getattr(
    selectors, "PollSelector", selectors.SelectSelector
)

# Any number that no other lock of the database has.
MIGRATION_LOCK = 5_432_001

# Codes and classes of https://www.postgresql.org/docs/current/errcodes-appendix.html.
READ_ONLY = "25006"
TRANSIENT = {"40001", "40P01"}
UNAVAILABLE = ("08", "25P03", "25P04", "40", "53", "55P03", "57", "58")


def url_of(settings: Settings, driver: str = "psycopg") -> URL:
    """Return the URL of the database with a driver."""
    return make_url(settings.database_url.get_secret_value()).set(drivername=f"postgresql+{driver}")


def options_of(settings: Settings) -> dict[str, Any]:
    """Return the arguments of `create_engine()`."""
    server_settings = {
        "statement_timeout": round(settings.database_statement_timeout * 1000),
        "lock_timeout": round(settings.database_lock_timeout * 1000),
        "idle_in_transaction_session_timeout": IDLE_TIMEOUT * 1000,
        "timezone": "UTC",
        "default_transaction_read_only": "on",
    }
    return {
        "hide_parameters": True,
        "isolation_level": "AUTOCOMMIT",
        "max_overflow": 0,
        "pool_size": settings.database_pool_size,
        "pool_timeout": settings.database_pool_timeout,
        "connect_args": {
            "connect_timeout": NETWORK_TIMEOUT,
            # A machine that is gone says nothing, and TCP by itself asks for a quarter of an hour.
            "tcp_user_timeout": NETWORK_TIMEOUT * 1000,
            "keepalives_idle": NETWORK_TIMEOUT,
            "keepalives_interval": 1,
            "options": " ".join(f"-c {name}={value}" for name, value in server_settings.items()),
        },
    }


def prepare(engine: Engine) -> None:
    """Leave no connection to a request that the server has closed, or that is still in a transaction."""
    event.listen(engine, "checkout", refuse_closed)
    event.listen(engine, "reset", reset)


def migration_engine(settings: Settings) -> Engine:
    """Make the engine of migrations, whose statements may take their time."""
    return create_engine(url_of(settings), hide_parameters=True, poolclass=NullPool)


def lock(connection: Connection) -> None:
    """Let one process migrate at a time: wait for the others, however long they take."""
    connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))


def refuse_closed(
    connection: DBAPIConnection, record: ConnectionPoolEntry, proxy: PoolProxiedConnection
) -> None:
    """Raise DisconnectionError where the server has said something since: that it is going away.

    A look at the socket costs next to nothing; to ask the server (`pool_pre_ping`) costs a round trip.
    """
    selector: selectors.BaseSelector | None = record.info.get("selector")
    if selector is None:
        driver: Any = record.driver_connection
        record.info["selector"] = selector = Selector()
        selector.register(driver.pgconn.socket, selectors.EVENT_READ)
    if selector.select(timeout=0):
        raise DisconnectionError("the server has closed the connection")


def reset(connection: DBAPIConnection, record: ConnectionPoolEntry, state: PoolResetState) -> None:
    """Roll back what an interrupted COMMIT has left open: the pool could not take the connection back."""
    driver: Any = record.driver_connection
    if state.asyncio_safe and driver.pgconn.transaction_status != TransactionStatus.IDLE:
        connection.rollback()


def is_unavailable(error: DBAPIError) -> bool:
    """Tell whether the database could not be used just now."""
    code = getattr(error.orig, "sqlstate", None)
    # Who could not connect has no code.
    return code.startswith(UNAVAILABLE) if code else isinstance(error, OperationalError)


def is_transient(error: DBAPIError) -> bool:
    """Tell whether the same transaction can succeed at once: after a deadlock, or with a new connection.

    Nobody knows what has become of a COMMIT, which is no statement to SQLAlchemy, if its connection broke.
    """
    if error.connection_invalidated:
        return error.statement is not None
    return getattr(error.orig, "sqlstate", None) in TRANSIENT


def is_refused_write(error: DBAPIError, connection: Connection) -> bool:
    """Tell whether a transaction that only reads was to write."""
    return getattr(error.orig, "sqlstate", None) == READ_ONLY


def constraint_of(error: IntegrityError) -> str | None:
    """Return the name of the constraint that a statement violates, or None if it has none."""
    name: str | None = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    return name
