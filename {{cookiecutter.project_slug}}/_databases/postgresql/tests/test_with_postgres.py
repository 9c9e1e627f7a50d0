"""The server that development has: it starts anywhere, and ends with what needs it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "with_postgres.py"
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
        shutil.copy(SCRIPT, folder)
        yield Path(folder)


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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_server_that_failed_is_not_started_to_be_stopped(
    folder: Path, number: signal.Signals
) -> None:
    with start(folder) as process:
        log = folder / "instance" / "postgresql" / "log"
        end_server(folder, number)
        lines = log.read_text()
        process.communicate()

    # The exit code is that of the command, and no line has been added.
    assert process.returncode == 0
    assert log.read_text() == lines


def test_server_that_failed_and_was_started_anew_ends_as_well(folder: Path) -> None:
    with start(folder) as first:
        end_server(folder, signal.SIGINT)
        with start(folder) as second:
            second.communicate()
        assert is_running(folder)
        first.communicate()
    assert not is_running(folder)


def end_server(folder: Path, number: signal.Signals) -> None:
    """End the server, and wait until it is gone; a container may keep it listed, so not for ever."""
    process = int(
        (folder / "instance" / "postgresql" / "postmaster.pid").read_text().splitlines()[0]
    )
    with suppress(ProcessLookupError):
        os.kill(process, number)
        for _ in range(100):
            time.sleep(0.05)
            os.kill(process, 0)
