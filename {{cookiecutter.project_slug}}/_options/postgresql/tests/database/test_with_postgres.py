"""The server that development has: it starts anywhere, and ends with what needs it."""

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
ASK = """
import os, psycopg, sys
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    host = connection.info.host
print("asked", flush=True)
sys.stdin.read()
print(host, end="")
"""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A project whose path needs care, with nothing in it but the script.

    Not below pytest's own folder: where root runs this, PostgreSQL is another user, who may not enter there.
    """
    with tempfile.TemporaryDirectory(prefix="it's 100% & more") as folder:
        (Path(folder) / "dev").mkdir()
        shutil.copy(SCRIPT, Path(folder, "dev"))
        yield Path(folder)


def start(folder: Path) -> subprocess.Popen[str]:
    """Start a command that asks the database, and wait for its answer; it ends with its input."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    process = subprocess.Popen(
        [sys.executable, "dev/with_postgres.py", sys.executable, "-c", ASK],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "asked\n"
    return process


def is_running(folder: Path) -> bool:
    """Tell whether the server has not removed its file yet, as it does when it ends."""
    return (folder / "instance" / "postgresql" / "postmaster.pid").exists()


def test_server_ends_with_the_last_command(folder: Path) -> None:
    with start(folder) as first, start(folder) as second:
        first.communicate()
        assert is_running(folder)
        socket_folder, _ = second.communicate()

    assert (first.returncode, second.returncode) == (0, 0)
    assert not is_running(folder)
    assert not Path(socket_folder).exists()


def test_signal_ends_command_and_server(folder: Path) -> None:
    with start(folder) as process:
        process.send_signal(signal.SIGTERM)
        process.wait()

        # The command has gone, too: nobody is left to write.
        assert process.stdout
        assert process.stdout.read() == ""
    assert not is_running(folder)


def test_command_that_was_killed_keeps_no_server(folder: Path) -> None:
    with start(folder) as process:
        process.kill()
    assert is_running(folder)

    with start(folder) as process:
        process.communicate()
    assert not is_running(folder)
