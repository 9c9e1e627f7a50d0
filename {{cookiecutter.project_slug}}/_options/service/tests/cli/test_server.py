"""The run and serve commands, and the server configuration."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
import uvicorn
from click.testing import CliRunner
from uvicorn.supervisors import ChangeReload, Multiprocess

from {{ cookiecutter.package_name }}.cli import server
from {{ cookiecutter.package_name }}.cli.main import main

from ..support.settings import PACKAGE, link_project

# Seconds; below the grace period, so that a test fails if a worker is killed.
STOP_TIMEOUT = 20


def free_ports(count: int) -> list[int]:
    """Return distinct ports that no process listens on."""
    with ExitStack() as stack:
        address = ("127.0.0.1", 0)
        servers = [stack.enter_context(socket.create_server(address)) for _ in range(count)]
        return [server.getsockname()[1] for server in servers]


@contextmanager
def running_command(command: str, port: int) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Start a command of the package on a port; yield its process and its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", PACKAGE, command], env=os.environ | {"PORT": str(port)}
    )
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        # Do not kill the process: its workers would keep running.
        process.terminate()
        process.wait(timeout=STOP_TIMEOUT)


def wait_for_response(
    client: httpx2.Client, url: str, process: subprocess.Popen[bytes]
) -> httpx2.Response:
    """Send a request until the process responds, for at most a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return client.get(url, timeout=60)
        except httpx2.ConnectError:
            time.sleep(0.02)
    raise AssertionError(f"no response from {url}")


def statuses_with_a_delayed_body(url: str) -> list[str]:
    """Send two requests on one connection, the first with a body that is delayed and not read."""
    address = urlsplit(url)
    with (
        socket.create_connection((address.hostname, address.port), timeout=20) as connection,
        connection.makefile() as received,
    ):
        head = f"HTTP/1.1\r\nHost: {address.netloc}\r\n"
        connection.sendall(f"POST /unknown {head}Content-Length: 4\r\n\r\n".encode())
        # The server has received the head when it responds to this request.
        httpx2.get(f"{url}/livez")
        connection.sendall(f"lateGET /livez {head}Connection: close\r\n\r\n".encode())
        return re.findall(r"HTTP/1.1 (\d+)", received.read())


def test_run_and_serve_respond_and_exit_with_status_0(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    link_project(tmp_path)
    first, second = free_ports(2)
    with (
        httpx2.Client() as client,
        running_command("run", first) as development,
        running_command("serve", second) as production,
    ):
        for process, url in (development, production):
            about = wait_for_response(client, f"{url}/api/v1/about", process)
            assert about.json()["environment"] == "development"
            assert "server" not in about.headers
            assert statuses_with_a_delayed_body(url) == ["404", "200"]

        for process, _ in (development, production):
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(timeout=STOP_TIMEOUT) for process, _ in (development, production)]
        assert codes == [0, 0]


@pytest.fixture
def recorded_servers(environment: pytest.MonkeyPatch) -> list[Any]:
    """Record servers and supervisors instead of running them."""
    recorded: list[Any] = []
    for kind in (uvicorn.Server, ChangeReload, Multiprocess):
        environment.setattr(kind, "run", lambda server, *sockets: recorded.append(server))
    # The command would install signal handlers in the test process.
    environment.setattr(signal, "signal", lambda number, handler: None)
    (port,) = free_ports(1)
    environment.setenv("PORT", str(port))
    return recorded


@pytest.mark.parametrize(
    ("command", "workers", "kind", "grace_period"),
    [
        ("run", "3", ChangeReload, 0.5),
        ("serve", "1", uvicorn.Server, 7),
        ("serve", "3", Multiprocess, 7),
    ],
    ids=["run", "serve", "serve with workers"],
)
def test_settings_configure_the_server(
    command: str,
    workers: str,
    kind: type[Any],
    grace_period: float,
    recorded_servers: list[Any],
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("WORKERS", workers)
    environment.setenv("GRACE_PERIOD", "7")
    environment.setenv("REQUEST_TIMEOUT", "2.5")
    environment.setenv("MAX_CONNECTIONS", "50")

    assert CliRunner().invoke(main, [command]).exit_code == 0

    (server,) = recorded_servers
    config = server.config
    assert isinstance(server, kind)
    assert config.timeout_graceful_shutdown == grace_period
    assert (config.request_timeout, config.limit_concurrency) == (2.5, 50)
    assert config.workers == (1 if command == "run" else int(workers))
    assert config.should_reload is (command == "run")
    assert (config.http2, config.proxy_headers, config.access_log) == (False, False, False)


def test_failed_worker_start_exits_with_its_status(
    recorded_servers: list[Any], environment: pytest.MonkeyPatch
) -> None:
    class Failed:
        exitcode = 3

    environment.setattr(Multiprocess, "run", lambda workers: workers.processes.append(Failed()))
    environment.setenv("WORKERS", "2")

    assert CliRunner().invoke(main, ["serve"]).exit_code == 3


def test_address_in_use_is_an_error(environment: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as used:
        environment.setenv("PORT", str(used.getsockname()[1]))
        result = CliRunner().invoke(main, ["serve"])

    assert result.exit_code == 1
    assert "cannot listen on HOST=127.0.0.1 and PORT=" in result.output


@pytest.mark.parametrize(
    ("host", "addresses"),
    [("127.0.0.1", ["127.0.0.1"]), ("::1", ["::1"]), ("::", ["127.0.0.1", "::1"])],
)
def test_server_listens_on_the_host(host: str, addresses: list[str]) -> None:
    with server.listen(host, 0) as listener:
        for address in addresses:
            socket.create_connection((address, listener.getsockname()[1]), timeout=5).close()


def test_signal_exits_with_status_0() -> None:
    with pytest.raises(SystemExit) as exited:
        server.exit_successfully(signal.SIGTERM, None)

    assert exited.value.code == 0


class Worker:
    """A worker process that records calls, and may be stuck."""

    def __init__(self, calls: list[str], *, is_stuck: bool) -> None:
        self.process, self.calls, self.is_stuck = self, calls, is_stuck

    def terminate(self) -> None:
        self.calls.append("terminate")

    def is_alive(self) -> bool:
        return self.is_stuck

    def join(self, timeout: float | None = None) -> None:
        self.calls.append("join" if timeout is None else "wait")

    def kill(self) -> None:
        self.calls.append("kill")


@pytest.mark.parametrize(
    ("is_stuck", "expected"),
    [(False, ["wait"]), (True, ["wait", "kill"])],
    ids=["in time", "stuck"],
)
def test_shutdown_closes_the_socket_and_kills_stuck_workers(
    is_stuck: bool, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    calls: list[str] = []
    listener = server.listen("127.0.0.1", 0)
    config = uvicorn.Config("nothing:app", workers=1, log_config=None, timeout_graceful_shutdown=1)
    workers = server.Workers(config, [listener])
    workers.processes = [Worker(calls, is_stuck=is_stuck)]  # type: ignore[list-item]  # a stand-in

    workers.terminate_all()
    assert listener.fileno() == -1
    workers.join_all()

    assert calls == ["terminate", *expected, "join"]


def test_worker_stops_if_its_parent_has_exited(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    monkeypatch.setattr(signal, "raise_signal", calls.append)

    server.stop_with_parent()
    assert calls == []

    monkeypatch.setattr("multiprocessing.parent_process", lambda: Worker([], is_stuck=False))
    server.stop_with_parent()
    assert calls == [signal.SIGTERM]


def test_worker_freezes_loaded_objects(environment: pytest.MonkeyPatch) -> None:
    frozen: list[str] = []
    environment.setattr("gc.freeze", lambda: frozen.append("frozen"))

    app = server.create_worker_app()

    assert callable(app)
    assert frozen == ["frozen"]


def test_worker_that_cannot_build_its_application_exits(
    environment: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    environment.setenv("ENVIRONMENT", "unknown")

    with pytest.raises(SystemExit) as exited:
        server.create_worker_app()

    assert exited.value.code == 3
    assert "the application could not be built" in caplog.text
