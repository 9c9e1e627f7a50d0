"""SQLite for tests: files in a temporary folder."""

import atexit
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import URL, Connection

# A path below a file: no database can be opened or created.
UNREACHABLE_URL = f"sqlite:///{__file__}/unreachable_test.db"

# The scheme of URLs that no driver is part of.
DRIVERNAME = "sqlite"

# Runs longer than any timeout of the tests.
SLOW_QUERY = (
    "WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
)


@cache
def server_url() -> str:
    """Return the URL of a file in a new temporary folder, for databases next to it."""
    folder = TemporaryDirectory()
    atexit.register(folder.cleanup)
    return f"sqlite:///{folder.name}/service_test.db"


def is_transaction(connection: Connection) -> bool:
    """Return whether a connection is in a transaction, not in autocommit mode."""
    return connection.get_execution_options()["begin"] is not None


def create_empty(url: URL) -> None:
    """Delete the files of a database; SQLite creates it on the first connection."""
    for suffix in ("", "-shm", "-wal"):
        Path(f"{url.database}{suffix}").unlink(missing_ok=True)
