"""PgBouncer, the pooler that PostgreSQL services are deployed behind. Debian and Homebrew have it, and no Python package."""

import getpass
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.databases import server
from tests.support.programs import PLACES
from tests.support.server import free_port

CONFIGURATION = """
[databases]
* = host={host} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 5
user = {user}
"""


@contextmanager
def pooler(database: str) -> Iterator[str]:
    """Start PgBouncer in front of the server of tests, and yield the URL of a database behind it."""
    folder, port = Path(server().pgdata), free_port()
    # As root it refuses to run, and only the owner of the server can reach its socket.
    user = folder.owner() if getpass.getuser() == "root" else getpass.getuser()
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        path = Path(place, "pgbouncer.ini")
        path.write_text(CONFIGURATION.format(host=folder, port=port, user=user), encoding="utf-8")
        with subprocess.Popen([str(shutil.which("pgbouncer", path=PLACES)), "--quiet", path]) as process:
            try:
                wait_until_it_listens(port)
                yield f"postgres://postgres@127.0.0.1:{port}/{database}"
            finally:
                process.terminate()


def wait_until_it_listens(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
