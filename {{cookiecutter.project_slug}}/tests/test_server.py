"""The commands that serve: what they make of the settings, and one run of each for real."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from click.testing import CliRunner
from granian import Granian
from granian.server.common import AbstractServer

from .conftest import PACKAGE, main
from .framework import SERVER

# The seconds within which a server ends. One whose workers do not is seen: they are killed after thirty.
PATIENCE = 20


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on; taken one by one, one might be given twice."""
    with ExitStack() as taken:
        address = ("127.0.0.1", 0)
        servers = [taken.enter_context(socket.create_server(address)) for _ in range(count)]
        return [server.getsockname()[1] for server in servers]


@contextmanager
def started(command: str, port: int) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Start a command of the package on a port; give its process and its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", PACKAGE, command], env=os.environ | {"PORT": str(port)}
    )
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        # Not killed: its workers would stay behind.
        process.terminate()
        process.wait(timeout=PATIENCE)


def wait_for(client: httpx2.Client, url: str, process: subprocess.Popen[bytes]) -> httpx2.Response:
    """Ask until the process answers, for a minute at most."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return client.get(url)
        except httpx2.ConnectError:
            time.sleep(0.02)
    raise AssertionError(f"nothing answers at {url}")


def statuses_around_a_late_body(url: str) -> list[str]:
    """Ask twice on one connection: where a body is not wanted, before it is sent, and after it."""
    address = urlsplit(url)
    with (
        socket.create_connection((address.hostname, address.port), timeout=20) as connection,
        connection.makefile() as received,
    ):
        head = f"HTTP/1.1\r\nHost: {address.netloc}\r\n"
        connection.sendall(f"POST /nowhere {head}Content-Length: 4\r\n\r\n".encode())
        time.sleep(0.1)
        connection.sendall(f"lateGET /livez {head}Connection: close\r\n\r\n".encode())
        return re.findall(r"HTTP/1.1 (\d+)", received.read())


def test_run_and_serve_answer_and_leave_cleanly(environment: pytest.MonkeyPatch) -> None:
    first, second = free_ports(2)
    with (
        httpx2.Client() as client,
        started("run", first) as development,
        started("serve", second) as production,
    ):
        for process, url in (development, production):
            about = wait_for(client, f"{url}/api/v1/about", process)
            assert about.json()["environment"] == "development"
            assert statuses_around_a_late_body(url) == ["404", "200"]

        for process, _ in (development, production):
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(timeout=PATIENCE) for process, _ in (development, production)]
        assert codes == [0, 0]


class HardOfHearing:
    """Stands for a worker that ends when it gets a signal for the third time."""

    def __init__(self) -> None:
        self.signals = 0
        self.has_ended = Event()

    def terminate(self) -> None:
        self.signals += 1
        if self.signals == 3:
            self.has_ended.set()


def test_signal_is_sent_until_the_worker_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    server, worker = import_module(f"{PACKAGE}.server"), HardOfHearing()
    monkeypatch.setattr(server, "REMINDER", 0.01)
    codes: list[int] = []

    def stop_workers(parent: AbstractServer[Any], exit_code: int) -> None:
        parent.wrks[0].terminate()
        assert worker.has_ended.wait(20)
        codes.append(exit_code)

    monkeypatch.setattr(Granian, "shutdown", stop_workers)
    parent = server.Server("nothing:app")
    parent.wrks.append(worker)

    parent.shutdown(3)

    assert worker.has_ended.is_set()
    assert codes == [3]


@pytest.mark.parametrize(
    ("command", "workers", "start_methods"),
    [("run", 1, ["spawn"]), ("serve", 3, [])],
    ids=["run", "serve"],
)
def test_settings_reach_the_server(
    command: str, workers: int, start_methods: list[str], environment: pytest.MonkeyPatch
) -> None:
    made: list[AbstractServer[Any]] = []
    methods: list[str] = []
    frozen: list[int] = []
    (port,) = free_ports(1)
    environment.setattr(Granian, "serve", lambda server: made.append(server))
    environment.setattr("multiprocessing.set_start_method", methods.append)
    environment.setattr("gc.freeze", lambda: frozen.append(len(made)))
    environment.setenv("HOST", "127.0.0.1")
    environment.setenv("PORT", str(port))
    environment.setenv("WORKERS", "3")

    assert CliRunner().invoke(main, [command]).exit_code == 0

    (server,) = made
    assert (server.bind_addr, server.bind_port, server.workers) == ("127.0.0.1", port, workers)
    assert server.workers_kill_timeout == 30
    assert server.reload_on_changes == (command == "run")
    assert vars(server).items() >= SERVER.items()
    assert methods == start_methods
    assert frozen == [0]


def test_address_in_use_is_refused(environment: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        environment.setenv("PORT", str(taken.getsockname()[1]))
        result = CliRunner().invoke(main, ["serve"])

    assert result.exit_code == 1
    assert "cannot listen on 127.0.0.1:" in result.output
