"""A server in a thread of the tests."""

import socket
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any
from unittest.mock import patch

from {{ cookiecutter.package_name }}.cli import http_protocol, server

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# Seconds that the server gives a client for each step.
REQUEST_TIMEOUT = 0.5


class Client:
    """A client that says what it wants, byte by byte."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.connected = time.monotonic()

    def send(self, *lines: str, body: bytes = b"") -> None:
        """Send a head, which ends here, and what comes after it."""
        self.socket.sendall("\r\n".join([*lines, "Host: localhost", "", ""]).encode() + body)

    def receive(self, ending: bytes | None = None) -> bytes:
        """Return what the server sends until some bytes, or until it closes the connection or resets it."""
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
    """A server that is started once for a module; each test has an application of its own behind it."""

    def __init__(self) -> None:
        self.app: Any = None
        self.port = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@contextmanager
def relaying(request_timeout: float = REQUEST_TIMEOUT) -> Iterator[Relay]:
    """Serve what the relay is given as its application."""
    relay = Relay()
    with serving(relay, request_timeout) as relay.port:
        yield relay


@contextmanager
def serving(app: Any, request_timeout: float = REQUEST_TIMEOUT, **options: Any) -> Iterator[int]:
    """Serve an ASGI application in a thread; give the port."""
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
    # The timer would end the process of the tests.
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
