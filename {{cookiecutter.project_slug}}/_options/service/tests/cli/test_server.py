"""The commands that serve: how settings reach the server, and one run of each command."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
import uvicorn
from click.testing import CliRunner
from uvicorn.supervisors import ChangeReload, Multiprocess

from {{ cookiecutter.package_name }}.cli import server
from {{ cookiecutter.package_name }}.cli.main import main

from ..support.settings import PACKAGE

# Seconds; below the grace period, so that a worker that has to be killed is noticed.
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
            return client.get(url, timeout=60)
        except httpx2.ConnectError:
            time.sleep(0.02)
    raise AssertionError(f"nothing answers at {url}")


def statuses_around_a_late_body(url: str) -> list[str]:
    """Send two requests on one connection: the first has a body that no endpoint reads and that comes late."""
    address = urlsplit(url)
    with (
        socket.create_connection((address.hostname, address.port), timeout=20) as connection,
        connection.makefile() as received,
    ):
        head = f"HTTP/1.1\r\nHost: {address.netloc}\r\n"
        connection.sendall(f"POST /nowhere {head}Content-Length: 4\r\n\r\n".encode())
        # What is answered after this was sent after it.
        httpx2.get(f"{url}/livez")
        connection.sendall(f"lateGET /livez {head}Connection: close\r\n\r\n".encode())
        return re.findall(r"HTTP/1.1 (\d+)", received.read())


def test_run_and_serve_answer_and_exit_with_0(environment: pytest.MonkeyPatch) -> None:
    first, second = free_ports(2)
    with (
        httpx2.Client() as client,
        started("run", first) as development,
        started("serve", second) as production,
    ):
        for process, url in (development, production):
            about = wait_for(client, f"{url}/api/v1/about", process)
            assert about.json()["environment"] == "development"
            assert "server" not in about.headers
            assert statuses_around_a_late_body(url) == ["404", "200"]

        for process, _ in (development, production):
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(timeout=PATIENCE) for process, _ in (development, production)]
        assert codes == [0, 0]


@pytest.fixture
def started_as(environment: pytest.MonkeyPatch) -> list[Any]:
    """Collect the servers and supervisors that would run."""
    made: list[Any] = []
    for kind in (uvicorn.Server, ChangeReload, Multiprocess):
        environment.setattr(kind, "run", lambda server, *sockets: made.append(server))
    # What the command changes in this process.
    environment.setattr(signal, "signal", lambda number, handler: None)
    (port,) = free_ports(1)
    environment.setenv("PORT", str(port))
    return made


@pytest.mark.parametrize(
    ("command", "workers", "kind", "grace_period"),
    [
        ("run", "3", ChangeReload, 0.5),
        ("serve", "1", uvicorn.Server, 7),
        ("serve", "3", Multiprocess, 7),
    ],
    ids=["run", "serve", "serve with workers"],
)
def test_settings_reach_the_server(
    command: str,
    workers: str,
    kind: type[Any],
    grace_period: float,
    started_as: list[Any],
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("WORKERS", workers)
    environment.setenv("GRACE_PERIOD", "7")
    environment.setenv("REQUEST_TIMEOUT", "2.5")
    environment.setenv("MAX_CONNECTIONS", "50")

    assert CliRunner().invoke(main, [command]).exit_code == 0

    (server,) = started_as
    config = server.config
    assert isinstance(server, kind)
    assert config.timeout_graceful_shutdown == grace_period
    assert (config.request_timeout, config.limit_concurrency) == (2.5, 50)
    assert config.workers == (1 if command == "run" else int(workers))
    assert config.should_reload is (command == "run")
    assert (config.http2, config.proxy_headers, config.access_log) == (False, False, False)


def test_service_that_cannot_start_exits_with_an_error(
    started_as: list[Any], environment: pytest.MonkeyPatch
) -> None:
    class Failed:
        exitcode = 3

    environment.setattr(Multiprocess, "run", lambda workers: workers.processes.append(Failed()))
    environment.setenv("WORKERS", "2")

    assert CliRunner().invoke(main, ["serve"]).exit_code == 3


def test_address_in_use_is_refused(environment: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        environment.setenv("PORT", str(taken.getsockname()[1]))
        result = CliRunner().invoke(main, ["serve"])

    assert result.exit_code == 1
    assert "cannot listen on 127.0.0.1:" in result.output


@pytest.mark.parametrize(
    ("host", "answers"),
    [("127.0.0.1", ["127.0.0.1"]), ("::1", ["::1"]), ("::", ["127.0.0.1", "::1"])],
)
def test_host_is_listened_on(host: str, answers: list[str]) -> None:
    with server.listen(host, 0) as listener:
        for address in answers:
            socket.create_connection((address, listener.getsockname()[1]), timeout=5).close()


def test_signal_ends_the_process_with_0() -> None:
    with pytest.raises(SystemExit) as exited:
        server.exit_successfully(signal.SIGTERM, None)

    assert exited.value.code == 0


class Worker:
    """A worker that ends in time, or does not."""

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
    ("is_stuck", "ended"), [(False, ["wait"]), (True, ["wait", "kill"])], ids=["in time", "stuck"]
)
def test_clients_are_refused_before_workers_stop_and_stuck_ones_are_killed(
    is_stuck: bool, ended: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    calls: list[str] = []
    listener = server.listen("127.0.0.1", 0)
    config = uvicorn.Config("nothing:app", workers=1, log_config=None, timeout_graceful_shutdown=1)
    workers = server.Workers(config, [listener])
    workers.processes = [Worker(calls, is_stuck=is_stuck)]  # type: ignore[list-item]

    workers.terminate_all()
    assert listener.fileno() == -1
    workers.join_all()

    assert calls == ["terminate", *ended, "join"]


def test_worker_stops_when_its_parent_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    monkeypatch.setattr(signal, "raise_signal", calls.append)

    server.stop_with_parent()
    assert calls == []

    monkeypatch.setattr("multiprocessing.parent_process", lambda: Worker([], is_stuck=False))
    server.stop_with_parent()
    assert calls == [signal.SIGTERM]


def test_worker_freezes_what_it_has_loaded(environment: pytest.MonkeyPatch) -> None:
    frozen: list[str] = []
    environment.setattr("gc.freeze", lambda: frozen.append("frozen"))

    app = server.create_worker_app()

    assert callable(app)
    assert frozen == ["frozen"]
