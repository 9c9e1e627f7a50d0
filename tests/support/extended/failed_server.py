# mypy: ignore-errors
"""The server that a project's development has, where it fails; part of the project's tests while these run."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from .test_with_postgres import folder, is_running, start

__all__ = ["folder"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_server_that_failed_is_not_started_to_be_stopped(folder: Path, number: signal.Signals) -> None:
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
    process = int((folder / "instance" / "postgresql" / "postmaster.pid").read_text().splitlines()[0])
    with suppress(ProcessLookupError):
        os.kill(process, number)
        for _ in range(100):
            time.sleep(0.05)
            os.kill(process, 0)
