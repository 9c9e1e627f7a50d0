"""Run a server on a free port of this machine, ask it, end it."""

import itertools
import json
import os
import shlex
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.databases import database_of

# Waits for its input to end, which happens when the process that started it is gone, however that went: a server
# is a group of its own, which no interrupt reaches, and nobody else would end it.
GUARD = 'read -r _; kill -s KILL -- "-$1"'
# Two servers may share a port, and neither says so: each process that runs tests has ports of its own, and none of
# them is among those that a system gives away. Another run, which has the same, begins elsewhere.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
PORTS = (10_000 + WORKER % 20 * 1000 + number % 1000 for number in itertools.count(os.getpid()))
# Browsers do not connect to it, see https://fetch.spec.whatwg.org/#port-blocking.
BLOCKED = 10_080


def free_port() -> int:
    """Return a port that nobody listens on, and that was not returned for long."""
    while True:
        port = next(PORTS)
        if port == BLOCKED:
            continue
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class Server:
    """A command that serves HTTP; `{port}` in it, and PORT in its environment, are where it listens."""

    def __init__(self, command: str, *, folder: Path, binaries: Path, **settings: str) -> None:
        self.port = free_port()
        self.command = shlex.split(command.format(port=self.port))
        self.folder = folder
        self.environment = os.environ | {"PORT": str(self.port)} | database_of(folder) | settings
        self.environment["PATH"] = f"{binaries}{os.pathsep}{self.environment['PATH']}"
        self.resources = ExitStack()

    def __enter__(self) -> Self:
        # Read by its name: what is opened once only has one position, for those who read and those who write.
        self.log = Path(self.resources.enter_context(tempfile.TemporaryDirectory()), "log")
        self.process = subprocess.Popen(
            self.command,
            cwd=self.folder,
            env=self.environment,
            stdout=self.resources.enter_context(self.log.open("w")),
            stderr=subprocess.STDOUT,
            executable=self._executable(),
            start_new_session=True,
        )
        guard = ["sh", "-c", GUARD, "guard", str(self.process.pid)]
        self.guard = self.resources.enter_context(
            subprocess.Popen(guard, stdin=subprocess.PIPE, start_new_session=True)
        )
        try:
            self._wait_until_it_serves()
        except BaseException:
            self.end(signal.SIGKILL)
            self.resources.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end(signal.SIGTERM)
        self.resources.close()

    def _wait_until_it_serves(self) -> None:
        """Wait for 30 seconds at most."""
        deadline = time.monotonic() + 30
        while True:
            try:
                # Every service has this path, whatever plumbing it has.
                self.get("/api/v1/about")
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"{shlex.join(self.command)} does not serve:\n{self.said()}") from None
                time.sleep(0.05)

    def _executable(self) -> str:
        """Look the command up where the server will run, not where this process does."""
        for folder in self.environment["PATH"].split(os.pathsep):
            if (path := Path(folder, self.command[0])).is_file():
                return str(path)
        raise FileNotFoundError(self.command[0])

    def get(self, path: str, timeout: float = 10, headers: Mapping[str, str] = {}) -> tuple[int, Any]:
        """Ask for JSON: the status and the body."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=dict(headers))
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def post(self, path: str, body: str, content_type: str) -> Any:
        """Send a body, and return the JSON of an answer that is no error."""
        url = f"http://127.0.0.1:{self.port}{path}"
        request = urllib.request.Request(url, body.encode(), {"Content-Type": content_type})
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    def end(self, number: signal.Signals) -> int:
        """Send a signal and wait for the exit code.

        Raises TimeoutExpired after 20 seconds, before a server kills its workers; its whole group is killed then.
        """
        self.process.send_signal(number)
        try:
            return self.process.wait(timeout=20)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.guard.kill()

    def wait_until(self, happened: Callable[[], bool]) -> None:
        """Wait for something to happen, for 20 seconds at most."""
        deadline = time.monotonic() + 20
        while not happened():
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def said(self) -> str:
        """Return what the server wrote so far."""
        return self.log.read_text()
