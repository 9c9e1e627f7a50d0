"""Redis, the broker between the workers of a project. Debian and Homebrew have it, and no Python package."""

import shutil
import socket
import subprocess
import time
from types import TracebackType
from typing import Self

from tests.support.programs import PLACES
from tests.support.server import free_port


class Redis:
    """A server that keeps everything in memory, on a port that stays its own."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        program = shutil.which("redis-server", path=PLACES)
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen([str(program), *options], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while True:
            try:
                self.command("PING")
                return self
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.02)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()

    def command(self, command: str) -> str:
        """Send a command, and return the first line of the response."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(f"{command}\r\n".encode())
            return connection.makefile().readline().strip()
