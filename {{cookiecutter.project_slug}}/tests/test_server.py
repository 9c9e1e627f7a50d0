"""The commands that serve, run for real on ports of their own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from click.testing import CliRunner

from .conftest import create_app, main


@contextmanager
def started(command: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Start a command of the package on a free port; give its process and its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", create_app.__module__, command], env=os.environ | {"PORT": str(port)}
    )
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes]) -> httpx2.Response:
    """Ask until the process answers, for 20 seconds at most."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return httpx2.get(url)
        except httpx2.ConnectError:
            time.sleep(0.02)
    raise AssertionError(f"nothing answers at {url}")


def test_run_and_serve_answer_and_leave_cleanly(environment: pytest.MonkeyPatch) -> None:
    with started("run") as development, started("serve") as production:
        for process, url in (development, production):
            about = wait_for(f"{url}/api/v1/about", process)
            assert about.json()["environment"] == "development"

        for process, _ in (development, production):
            process.send_signal(signal.SIGTERM)
        assert [process.wait(timeout=10) for process, _ in (development, production)] == [0, 0]


def test_address_in_use_is_refused(environment: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        environment.setenv("PORT", str(taken.getsockname()[1]))
        result = CliRunner().invoke(main, ["serve"])

    assert result.exit_code == 1
    assert "cannot listen on 127.0.0.1:" in result.output
