"""SQLite for tests: files in a folder that goes away."""

import atexit
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import URL, Connection

# No file can be there.
NOWHERE = f"sqlite:///{__file__}/never_test.db"

# Takes longer than any test waits.
SLOW = "WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"


@cache
def server() -> str:
    """Return the URL of a file beside which others can be made."""
    folder = TemporaryDirectory()
    atexit.register(folder.cleanup)
    return f"sqlite:///{folder.name}/service_test.db"


def is_transaction(connection: Connection) -> bool:
    """Tell whether the statements of a connection are one transaction; each is its own otherwise."""
    return connection.get_execution_options()["begin"] is not None


def create(url: URL) -> None:
    """Make room for an empty database, whatever was there."""
    for suffix in ("", "-shm", "-wal"):
        Path(f"{url.database}{suffix}").unlink(missing_ok=True)
