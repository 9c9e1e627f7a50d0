"""A service that is told to stop, or whose clients are slow: no request is lost, and none keeps others waiting."""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.environments import environment
from tests.support.extension import EXTENDED, SECRET_KEY
from tests.support.interpreters import PYTHONS
from tests.support.rendering import FRAMEWORKS, Workplace
from tests.support.server import Server

pytestmark = pytest.mark.slow

# As many requests at once as there are threads; connections wait for the others.
THREADS = 20


@pytest.fixture(params=FRAMEWORKS)
def framework(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def project(framework: str, workplace: Workplace) -> Path:
    return workplace.render(framework=framework, database="none", example="none")


def slow_server(project: Path, framework: str, command: str = "serve", **settings: str) -> Server:
    """Return a server for the project with endpoints that take their time."""
    for name in ("serve_app.py", f"slow_{framework}.py"):
        (project / name).write_text((EXTENDED / name).read_text())
    threads = {"THREADS": str(THREADS)} if framework == "flask" else {}
    return Server(
        f"python serve_app.py slow_{framework}:app {command}",
        folder=project,
        binaries=environment(project, PYTHONS[0]),
        **{"ENVIRONMENT": "test", "SECRET_KEY": SECRET_KEY, **threads, **settings},
    )


class Request:
    """A request, sent byte for byte."""

    def __init__(self, server: Server, head: str, body: bytes = b"") -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=40)
        self.port = self.socket.getsockname()[1]
        self.socket.sendall(f"{head}\r\nHost: 127.0.0.1\r\n\r\n".encode() + body)

    def answer(self) -> tuple[bytes, bytes]:
        """Return the status and the body, once the server has closed the connection."""
        received = b""
        with self.socket:
            try:
                while part := self.socket.recv(65536):
                    received += part
            except ConnectionError as error:
                return b"", str(error).encode()
        head, _, body = received.partition(b"\r\n\r\n")
        return head[9:12], body


@pytest.mark.parametrize("workers", ["1", "2"])
def test_everything_in_flight_is_finished_and_the_exit_status_is_0(
    workers: str, project: Path, framework: str, tmp_path: Path
) -> None:
    slow = ["/slow-thread", "/slow"] if framework == "fastapi" else ["/slow-thread"]
    with slow_server(project, framework, WORKERS=workers) as server:
        requests = [
            Request(server, f"GET {slow[number % len(slow)]}?seconds={seconds} HTTP/1.1")
            for number, seconds in enumerate([5, 12] * 9)
        ]
        streams = [Request(server, "GET /stream?seconds=6 HTTP/1.1") for _ in range(2)]
        bodies = [
            Request(
                server, f"POST /upload HTTP/1.1\r\n{framing}", b"5\r\nfirst\r\n" if "chunked" in framing else b"first"
            )
            for framing in ("Content-Length: 10", "Transfer-Encoding: chunked") * 5
        ]
        done = tmp_path / "done"
        if framework == "fastapi":
            task = Request(server, f"POST /background?seconds=4&path={done} HTTP/1.1\r\nConnection: close")
            assert task.answer()[0] == b"202"
        server.wait_until(lambda: {each.port for each in [*requests, *streams, *bodies]} <= accepted(server))

        server.process.send_signal(signal.SIGTERM)
        refused = refused_after(server)
        for number, body in enumerate(bodies):
            # The rest comes in parts, seconds after the signal.
            threading.Timer(
                3, trickle, [body, b"5\r\n", b"later\r\n", b"0\r\n\r\n"] if number % 2 else [body, b"la", b"ter"]
            ).start()
        answers = [request.answer() for request in requests]
        assert {status for status, _ in answers} == {b"200"}
        assert [float(body) for _, body in answers] == [5, 12] * 9
        assert [body.answer()[0] for body in bodies] == [b"200"] * 10
        assert [stream.answer()[1].endswith(b"4\r\nend\n\r\n0\r\n\r\n") for stream in streams] == [True, True]
        answered = time.monotonic()
        assert server.process.wait(timeout=20) == 0

        assert time.monotonic() - answered < 2
        assert refused < 2
        assert done.exists() is (framework == "fastapi")
        assert "ERROR" not in server.said()


def accepted(server: Server) -> set[int]:
    """Return the ports of the clients that a server has accepted; a connection that still waits has no inode."""
    connections = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {
        int(remote.partition(":")[2], base=16)
        for _, local, remote, _, _, _, _, _, _, inode, *_ in connections
        if local.endswith(f":{server.port:04X}") and inode != "0"
    }


def trickle(request: Request, *parts: bytes) -> None:
    for part in parts:
        request.socket.sendall(part)
        time.sleep(0.5)


def refused_after(server: Server) -> float:
    """Return the seconds after which nobody listens any more."""
    started = time.monotonic()
    while time.monotonic() - started < 10:
        try:
            socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
        except ConnectionError:
            break
        time.sleep(0.05)
    return time.monotonic() - started


@pytest.mark.parametrize("workers", ["1", "2"])
def test_grace_period_is_kept_by_requests_that_take_longer(workers: str, project: Path, framework: str) -> None:
    with slow_server(project, framework, WORKERS=workers, GRACE_PERIOD="2") as server:
        request = Request(server, "GET /slow-thread?seconds=60 HTTP/1.1")
        server.wait_until(lambda: request.port in accepted(server))
        started = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(timeout=20)

        assert 1.9 < time.monotonic() - started < 6
        assert request.answer()[0] != b"200"


@pytest.mark.parametrize("path", ["/upload", "/nowhere"])
def test_half_sent_requests_keep_nobody_waiting(path: str, project: Path, framework: str) -> None:
    with slow_server(project, framework, THREADS="4") as server, ExitStack() as stack:
        for head, body in {
            f"POST {path} HTTP/1.1\r\nContent-Length: 10": b"half",
            f"POST {path} HTTP/1.1\r\nTransfer-Encoding: chunked": b"5\r\nhe",
        }.items():
            for _ in range(40):
                stack.enter_context(Request(server, head, body).socket)
        for _ in range(40):
            half = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            half.sendall(b"GET /livez HTTP/1.1\r\nHost: 127")

        for asked in ("/livez", "/readyz", "/api/v1/about"):
            started = time.monotonic()
            assert server.get(asked)[0] == 200
            assert time.monotonic() - started < 2


def test_memory_does_not_follow_the_body(project: Path, framework: str) -> None:
    part = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    with slow_server(project, framework, MAX_BODY_SIZE=str(2**30)) as server:
        small = Request(
            server, "POST /upload HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close", part + b"0\r\n\r\n"
        )
        assert small.answer()[0] == b"200"
        before = peak(server)
        answers: list[bytes] = []

        def upload() -> None:
            request = Request(server, "POST /upload HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close")
            for _ in range(3200):
                request.socket.sendall(part)
            request.socket.sendall(b"0\r\n\r\n")
            answers.append(request.answer()[1])

        uploads = [threading.Thread(target=upload) for _ in range(4)]
        for each in uploads:
            each.start()
        for each in uploads:
            each.join(120)

        assert [b"209715200" in answer for answer in answers] == [True] * 4
        assert peak(server) - before < 32


def peak(server: Server) -> float:
    """Return the most memory, in MiB, that the server was resident with."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def test_open_stream_does_not_delay_the_reload(project: Path, framework: str) -> None:
    metadata = project / "my_service" / "metadata.py"
    with slow_server(project, framework, "run", ENVIRONMENT="development") as server:
        stream = Request(server, "GET /stream?seconds=60 HTTP/1.1")
        stream.socket.recv(1000)
        # Of another length: within a second, Python tells files that have changed by their size.
        metadata.write_text(metadata.read_text().replace("0.1.0", "0.20.0"))
        started = time.monotonic()
        server.wait_until(lambda: version(server) == "0.20.0")
        stream.answer()

        # Half of it is the import of the application, on a busy machine.
        assert time.monotonic() - started < 8


def version(server: Server) -> str | None:
    try:
        return str(server.get("/api/v1/about", timeout=1)[1]["version"])
    except OSError:
        return None


def test_workers_stop_when_their_parent_is_killed(project: Path, framework: str) -> None:
    with slow_server(project, framework, WORKERS="2") as server:
        server.wait_until(lambda: len(workers_of(server.process.pid)) == 2)
        children = workers_of(server.process.pid)
        os.kill(server.process.pid, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while any(is_running(child) for child in children):
            assert time.monotonic() < deadline, "the workers are still there"
            time.sleep(0.1)


def workers_of(parent: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-ww", "-o", "pid=", "-o", "args=", "--ppid", str(parent)], capture_output=True, text=True
    )
    return [int(line.split()[0]) for line in listed.stdout.splitlines() if "spawn_main" in line]


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture(autouse=True)
def _no_timer_is_left() -> Iterator[None]:
    yield
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(10)
