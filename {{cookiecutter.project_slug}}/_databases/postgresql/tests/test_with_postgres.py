"""The server that development has: it starts anywhere, and ends with what needs it."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "with_postgres.py"
ASK = """
import os, psycopg, sys
psycopg.connect(os.environ["DATABASE_URL"]).close()
print("asked", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose path needs care, with nothing in it but the script."""
    folder = tmp_path_factory.mktemp("it's 100% & more")
    shutil.copy(SCRIPT, folder)
    return folder


def start(folder: Path) -> subprocess.Popen[str]:
    """Start a command that asks the database, and wait for its answer; it ends with its input."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    process = subprocess.Popen(
        [sys.executable, "with_postgres.py", sys.executable, "-c", ASK],
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
        second.communicate()

    assert (first.returncode, second.returncode) == (0, 0)
    assert not is_running(folder)


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
