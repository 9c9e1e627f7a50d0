"""The development database server: it starts on demand and stops with its last command."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "dev" / "with_postgres.py"
CLIENT_CODE = """
import os, psycopg, sys
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    host = connection.info.host
print("connected", flush=True)
sys.stdin.read()
print(host, end="")
"""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Yield a project that consists of the script, in a folder whose name has special characters.

    It is not in pytest's temporary folder: if root runs the tests, the user of PostgreSQL cannot read that.
    """
    with tempfile.TemporaryDirectory(prefix="it's 100% & more") as folder:
        (Path(folder) / "dev").mkdir()
        shutil.copy(SCRIPT, Path(folder, "dev"))
        yield Path(folder)


def start(folder: Path) -> subprocess.Popen[str]:
    """Start a command that connects to the database and runs until the end of its input."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    process = subprocess.Popen(
        [sys.executable, "dev/with_postgres.py", sys.executable, "-c", CLIENT_CODE],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "connected\n"
    return process


def is_running(folder: Path) -> bool:
    """Return whether the file with the process id of the server exists."""
    return (folder / "instance" / "postgresql" / "postmaster.pid").exists()


def test_server_stops_with_the_last_command(folder: Path) -> None:
    with start(folder) as first, start(folder) as second:
        first.communicate()
        assert is_running(folder)
        socket_folder, _ = second.communicate()

    assert (first.returncode, second.returncode) == (0, 0)
    assert not is_running(folder)
    assert not Path(socket_folder).exists()


def test_signal_stops_command_and_server(folder: Path) -> None:
    with start(folder) as process:
        process.send_signal(signal.SIGTERM)
        process.wait()

        # The command has stopped, too: the pipe is closed.
        assert process.stdout
        assert process.stdout.read() == ""
    assert not is_running(folder)


def test_server_of_a_killed_command_stops_with_the_next_one(folder: Path) -> None:
    with start(folder) as process:
        process.kill()
    assert is_running(folder)

    with start(folder) as process:
        process.communicate()
    assert not is_running(folder)
