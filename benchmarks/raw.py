"""Raw HTTP requests: complete, incomplete, and malformed ones."""

import socket
import struct
import time
from http.client import HTTPException, HTTPResponse
from types import TracebackType
from typing import NamedTuple, Self

from tests.support.server import Server

ADDRESS = "127.0.0.1"


class Answer(NamedTuple):
    """A response, or the reason why there is none."""

    status: int | None
    body: bytes = b""
    failure: str = ""

    def __str__(self) -> str:
        return self.failure or str(self.status)


class Connection:
    """A connection to a server."""

    def __init__(self, server: Server) -> None:
        self.socket = socket.create_connection((ADDRESS, server.port), timeout=5)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.socket.close()

    def send(self, data: bytes) -> Self:
        """Send all of it."""
        self.socket.settimeout(5)
        self.socket.sendall(data)
        return self

    def send_until_answered(self, data: bytes, within: float) -> None:
        """Send in pieces and stop at the first input: an early response could be lost with a connection reset."""
        deadline = time.monotonic() + within
        self.socket.setblocking(False)
        while data and time.monotonic() < deadline:
            try:
                data = data[self.socket.send(data[:8192]) :]
            except BlockingIOError:
                time.sleep(0.001)
            except OSError:  # it does not accept more
                return
            if self.has_input():
                return

    def answer(self, within: float) -> Answer:
        """Read the response to the last request; `within` bounds each read."""
        self.socket.settimeout(within)
        response = HTTPResponse(self.socket)
        try:
            response.begin()
        except TimeoutError:
            return Answer(None, failure=f"no answer in {within:g} s")
        except (OSError, HTTPException) as error:
            kind = "reset" if isinstance(error, ConnectionResetError) else "closed"
            return Answer(None, failure=f"{kind} without an answer")
        try:
            return Answer(response.status, response.read())
        except (OSError, HTTPException):
            return Answer(None, failure=f"{response.status} that is cut off")

    def read(self, within: float) -> bytes:
        """Read the available bytes; none if the server sends none in time or has closed the connection."""
        self.socket.settimeout(within)
        try:
            return self.socket.recv(65536)
        except OSError:
            return b""

    def has_input(self) -> bool:
        """Return whether there is something to read, the end included."""
        self.socket.setblocking(False)
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def is_closed(self) -> bool:
        """Return whether the server has closed the connection; drop the bytes that it has sent before."""
        self.socket.setblocking(False)
        try:
            while self.socket.recv(65536):
                pass
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def reset(self) -> None:
        """Close with RST, not FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def request(method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
    """Write a request."""
    lines = [f"{method} {path} HTTP/1.1", *headers]
    if not any(header.lower().startswith("host:") for header in headers):
        lines.insert(1, f"Host: {ADDRESS}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def ask(server: Server, path: str, within: float = 2) -> Answer:
    """Send a GET request on a connection of its own."""
    try:
        with Connection(server) as connection:
            return connection.send(request("GET", path)).answer(within)
    except OSError as error:
        return Answer(None, failure=type(error).__name__)
