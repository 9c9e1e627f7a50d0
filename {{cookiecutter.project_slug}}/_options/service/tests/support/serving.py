"""Run the server in a thread."""

import json
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any
from unittest.mock import patch

import pytest

from {{ cookiecutter.package_name }}.cli import http_protocol, server

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# The request timeout of the server, in seconds.
REQUEST_TIMEOUT = 0.5


class Client:
    """A TCP client that sends raw bytes."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.connected = time.monotonic()

    def send(self, *lines: str, body: bytes = b"") -> None:
        """Send a complete request head, then a body."""
        self.socket.sendall("\r\n".join([*lines, "Host: localhost", "", ""]).encode() + body)

    def receive(self, ending: bytes | None = None) -> bytes:
        """Read until the data ends with `ending`, or until the server closes the connection."""
        received = b""
        with suppress(ConnectionError):
            while part := self.socket.recv(65536):
                received += part
                if ending and received.endswith(ending):
                    break
        return received

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *error: object) -> None:
        self.socket.close()


class Relay:
    """An ASGI application that forwards to that of the current test, so that tests share a server."""

    def __init__(self) -> None:
        self.app: Any = None
        self.port = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@contextmanager
def running_relay(request_timeout: float = REQUEST_TIMEOUT) -> Iterator[Relay]:
    """Run a server that forwards requests to the application of a relay."""
    relay = Relay()
    with running_server(relay, request_timeout) as relay.port:
        yield relay


@contextmanager
def running_server(
    app: Any, request_timeout: float = REQUEST_TIMEOUT, **options: Any
) -> Iterator[int]:
    """Serve an ASGI application in a thread, and yield the port."""
    config = http_protocol.Config(
        app,
        interface="asgi3",
        http=http_protocol.HttpProtocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        **{"timeout_graceful_shutdown": 10, "ws": "none", **options},
    )
    config.request_timeout = request_timeout
    # The timer would terminate the test process.
    with patch.object(server, "Timer"), server.listen("127.0.0.1", 0) as listener:
        process = server.Server(config)
        thread = Thread(target=process.run, args=[[listener]])
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            process.should_exit = True
            thread.join(20)
        assert not thread.is_alive()


def logged_statuses(lines: str) -> list[int]:
    """Return the status of each logged request."""
    entries: list[dict[str, Any]] = [json.loads(line) for line in lines.splitlines()]
    return [entry["status"] for entry in entries if entry["message"] == "request"]


def record_disconnect(monkeypatch: pytest.MonkeyPatch, path: str) -> Event:
    """Return an event that is set when the server has noticed that the client of a path has disconnected."""
    left = Event()
    lose_connection = http_protocol.HttpProtocol.connection_lost

    def connection_lost(protocol: http_protocol.HttpProtocol, error: Exception | None) -> None:
        lose_connection(protocol, error)
        # Connections of earlier tests may end late.
        if protocol.scope and protocol.scope["path"] == path:
            left.set()

    monkeypatch.setattr(http_protocol.HttpProtocol, "connection_lost", connection_lost)
    return left
