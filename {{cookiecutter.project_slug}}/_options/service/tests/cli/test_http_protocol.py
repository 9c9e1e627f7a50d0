"""HTTP timeouts and limits: slow clients, incomplete requests, large requests."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from threading import Event, Thread

import pytest

from ..support.serving import (
    REQUEST_TIMEOUT,
    Client,
    Message,
    Receive,
    Relay,
    Send,
    running_relay,
    running_server,
)

# The request timeout, in seconds, of tests in which the server closes the connection.
SHORT_TIMEOUT = 0.1
CHUNK = b"x" * 65536
LARGE = 20_000_000


class App:
    """An ASGI application with a method for each path; it records requests."""

    def __init__(self) -> None:
        self.bodies: list[int] = []
        self.headers: list[tuple[bytes, bytes]] = []
        self.disconnected = Event()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        self.headers = scope["headers"]
        await getattr(self, scope["path"][1:])(receive, send)

    async def read(self, receive: Receive, send: Send) -> None:
        """Record the length of a complete body, then respond."""
        length, message = 0, await receive()
        while message.get("more_body"):
            length += len(message["body"])
            message = await receive()
        if message["type"] == "http.disconnect":
            self.disconnected.set()
            return
        self.bodies.append(length + len(message["body"]))
        await self.respond(send)

    async def wait_then_read(self, receive: Receive, send: Send) -> None:
        """Exceed the request timeout, then read the body."""
        await asyncio.sleep(REQUEST_TIMEOUT * 1.5)
        await self.read(receive, send)

    async def read_then_wait(self, receive: Receive, send: Send) -> None:
        """Read the body, then exceed the request timeout."""
        await receive()
        await asyncio.sleep(REQUEST_TIMEOUT * 1.5)
        await self.respond(send)

    async def stream(self, receive: Receive, send: Send) -> None:
        """Stream a response without end until the client disconnects."""
        event = asyncio.ensure_future(receive())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not event.done() or event.result()["type"] != "http.disconnect":
            if event.done():
                event = asyncio.ensure_future(receive())
            await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
            await asyncio.sleep(0)
        self.disconnected.set()

    async def ignore(self, receive: Receive, send: Send) -> None:
        """Respond without reading the body."""
        await self.respond(send)

    async def large(self, receive: Receive, send: Send) -> None:
        """Respond with a large body in one message."""
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * LARGE})

    async def respond(self, send: Send) -> None:
        headers = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture(scope="module")
def relay() -> Iterator[Relay]:
    with running_relay() as relay:
        yield relay


@pytest.fixture(scope="module")
def short_timeout_relay() -> Iterator[Relay]:
    with running_relay(SHORT_TIMEOUT) as relay:
        yield relay


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def port(app: App, relay: Relay) -> int:
    relay.app = app
    return relay.port


@pytest.fixture
def short_timeout_port(app: App, short_timeout_relay: Relay) -> int:
    """Return the port of a server with a short request timeout."""
    short_timeout_relay.app = app
    return short_timeout_relay.port


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET /ignore HTTP/1.1\r\nHo",
        b"\r\n\r\n",
        b"POST /read HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf",
    ],
    ids=["no data", "incomplete head", "empty lines", "incomplete body"],
)
def test_incomplete_request_times_out(sent: bytes, app: App, short_timeout_port: int) -> None:
    with Client(short_timeout_port) as client:
        client.socket.sendall(sent)

        assert client.receive() == b""
        assert SHORT_TIMEOUT * 0.9 < time.monotonic() - client.connected < SHORT_TIMEOUT + 5
    assert app.bodies == []


def test_incomplete_body_after_the_response_times_out(port: int) -> None:
    with Client(port) as client:
        client.send("POST /ignore HTTP/1.1", "Content-Length: 9")
        assert client.receive(b"ok").endswith(b"ok")
        client.socket.sendall(b"half")

        assert client.receive() == b""


def test_incomplete_second_request_times_out(port: int) -> None:
    with Client(port) as client:
        client.send("GET /ignore HTTP/1.1")
        assert client.receive(b"ok").endswith(b"ok")
        client.socket.sendall(b"GET /ignore HTTP/1.1\r\nHo")

        assert client.receive() == b""


def test_incomplete_pipelined_head_times_out(
    port: int,
) -> None:
    with Client(port) as client:
        client.socket.sendall(b"GET /ignore HTTP/1.1\r\nHost: localhost\r\n\r\nGET /ignore HTT")
        assert client.receive(b"ok").endswith(b"ok")
        client.socket.sendall(b"P")

        assert client.receive() == b""


def test_slow_head_times_out(short_timeout_port: int) -> None:
    with Client(short_timeout_port) as client:
        client.socket.sendall(b"GET /ignore HTTP/1.1\r\n")
        is_closed, lines = False, 0
        # Far fewer lines than the limit of a head.
        while not is_closed and lines < 50:
            lines += 1
            time.sleep(SHORT_TIMEOUT / 4)
            try:
                client.socket.sendall(b"X: 1\r\n")
            except ConnectionError:
                is_closed = True

    assert is_closed


def test_slow_body_is_received(app: App, port: int) -> None:
    with Client(port) as client:
        client.send("POST /read HTTP/1.1", "Content-Length: 3", "Connection: close")
        for _ in range(3):
            time.sleep(REQUEST_TIMEOUT * 0.6)
            client.socket.sendall(b"x")

        assert client.receive().endswith(b"ok")
    assert app.bodies == [3]


@pytest.mark.parametrize("expect", ["Expect: 100-continue", "Accept: text/plain"])
def test_slow_application_does_not_time_out_the_body(expect: str, app: App, port: int) -> None:
    body = CHUNK * 40
    with Client(port) as client:
        client.send(
            "POST /wait_then_read HTTP/1.1",
            expect,
            f"Content-Length: {len(body)}",
            "Connection: close",
        )
        if expect.startswith("Expect"):
            assert client.socket.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.socket.sendall(body)

        assert client.receive().endswith(b"ok")
    assert app.bodies == [len(body)]


def test_slow_application_does_not_time_out_after_the_body(port: int) -> None:
    with Client(port) as client:
        client.send("POST /read_then_wait HTTP/1.1", "Expect: 100-continue", "Content-Length: 4")
        assert client.socket.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.socket.sendall(b"body")

        assert client.receive(b"ok").endswith(b"ok")


@pytest.mark.parametrize(
    "ending",
    [b"ZZ\r\n", b"", b"5\r\nhel"],
    ids=["invalid chunk", "no last chunk", "incomplete chunk"],
)
def test_incomplete_chunked_body_is_rejected(
    ending: bytes, app: App, short_timeout_port: int
) -> None:
    with Client(short_timeout_port) as client:
        client.send(
            "POST /read HTTP/1.1", "Transfer-Encoding: chunked", body=b"5\r\nhello\r\n" + ending
        )
        received = client.receive()

    assert b" 200 " not in received
    assert app.disconnected.wait(10)
    assert app.bodies == []


@pytest.mark.parametrize(
    "headers",
    [["X: 1"] * 101, ["X-Request-ID: a"] * 120_000, [f"X: {'a' * 400_000}"]],
    ids=["101 headers", "120000 headers", "long header"],
)
def test_too_large_head_is_rejected(headers: list[str], port: int) -> None:
    with Client(port) as client:
        # The server may close the connection before the head is complete.
        with suppress(ConnectionError):
            client.send("GET /ignore HTTP/1.1", *headers)
        received = client.receive()

    assert b" 200 " not in received
    assert not received or b" 400 " in received


def test_unread_body_is_not_parsed_as_a_request(port: int) -> None:
    body = CHUNK * 8
    with Client(port) as client:
        client.send("POST /ignore HTTP/1.1", f"Content-Length: {len(body)}")
        assert client.receive(b"ok").endswith(b"ok")
        client.socket.sendall(body)
        client.send("GET /ignore HTTP/1.1", "Connection: close")

        assert client.receive().startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("framing", ["Content-Length: 60", "Transfer-Encoding: chunked"])
def test_upgrade_with_a_body_is_rejected(framing: str, app: App, port: int) -> None:
    with Client(port) as client:
        client.send("POST /read HTTP/1.1", "Connection: Upgrade", "Upgrade: h2c", framing)
        received = client.socket.recv(4096)
        with suppress(ConnectionError):
            client.send("GET /ignore HTTP/1.1")
        received += client.receive()

    assert received.startswith(b"HTTP/1.1 400 ")
    assert received.count(b"HTTP/1.1 ") == 1
    assert app.bodies == []


@pytest.mark.parametrize(
    "headers", [[], ["Content-Length: 0"], ["Content-Length: 00 "]], ids=["no length", "0", "00"]
)
def test_upgrade_without_a_body_is_ignored(headers: list[str], app: App, port: int) -> None:
    with Client(port) as client:
        client.send("POST /read HTTP/1.1", "Connection: Upgrade", "Upgrade: h2c", *headers)
        assert client.receive(b"ok").startswith(b"HTTP/1.1 200 ")
        client.send("GET /ignore HTTP/1.1", "Connection: close")

        assert client.receive().startswith(b"HTTP/1.1 200 ")
    assert app.bodies == [0]


def test_trailers_are_not_headers(app: App, port: int) -> None:
    body = b"1\r\nx\r\n0\r\nX-Forwarded-For: 192.0.2.66\r\n\r\n"
    with Client(port) as client:
        client.send("POST /read HTTP/1.1", "Transfer-Encoding: chunked", body=body)
        assert client.receive(b"ok").endswith(b"ok")

    assert b"x-forwarded-for" not in dict(app.headers)


def test_pipelined_head_is_limited(port: int) -> None:
    with Client(port) as client:
        client.send("GET /wait_then_read HTTP/1.1")
        client.socket.sendall(b"GET /ignore HTTP/1.1\r\nX: ")
        with pytest.raises(ConnectionError):
            client.socket.sendall(CHUNK * 1000)


def test_slow_client_receives_a_large_response(port: int) -> None:
    received = 0
    with Client(port) as client:
        client.send("GET /large HTTP/1.1", "Connection: close")
        while part := client.socket.recv(500_000):
            received += len(part)
            time.sleep(REQUEST_TIMEOUT / 30)

    assert received > LARGE


def test_cleartext_http_2_is_rejected(port: int) -> None:
    with Client(port) as client:
        client.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0")

        assert b" 400 " in client.receive().splitlines()[0]


def test_client_that_does_not_receive_times_out(app: App, short_timeout_port: int) -> None:
    with Client(short_timeout_port) as client:
        client.send("GET /stream HTTP/1.1")

        assert app.disconnected.wait(SHORT_TIMEOUT + 10)


def test_client_that_receives_slowly_does_not_time_out(app: App, port: int) -> None:
    with Client(port) as client:
        client.send("GET /stream HTTP/1.1")
        deadline = time.monotonic() + REQUEST_TIMEOUT * 2
        while time.monotonic() < deadline:
            time.sleep(REQUEST_TIMEOUT / 10)
            assert client.socket.recv(10_000_000)
        assert not app.disconnected.is_set()
    assert app.disconnected.wait(10)


def test_websocket_has_no_request_timeout(app: App) -> None:
    lost = Event()

    class WebSocket(asyncio.Protocol):
        def __init__(self, **options: object) -> None:
            pass

        def connection_lost(self, error: Exception | None) -> None:
            lost.set()

    with running_server(app, ws=WebSocket) as port, Client(port) as client:
        client.send("GET /ignore HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket")

        assert not lost.wait(REQUEST_TIMEOUT * 1.5)
        client.socket.close()
        assert lost.wait(10)


def test_request_on_an_idle_connection_is_answered_while_the_server_stops(app: App) -> None:
    running = running_server(app)
    port = running.__enter__()
    with Client(port) as client, Client(port) as idle:
        client.send("GET /ignore HTTP/1.1")
        assert client.receive(b"ok").startswith(b"HTTP/1.1 200")

        stopping = Thread(target=running.__exit__, args=[None, None, None])
        stopping.start()
        wait_until_closed(port)
        client.send("POST /read HTTP/1.1", "Content-Length: 2", body=b"{}")
        response = client.receive()

        assert response.startswith(b"HTTP/1.1 200")
        assert b"connection: close" in response.lower()
        assert idle.receive() == b""
    stopping.join()


def test_request_in_flight_is_answered_while_the_server_stops(app: App) -> None:
    running = running_server(app)
    port = running.__enter__()
    with Client(port) as client:
        client.send("POST /read HTTP/1.1", "Content-Length: 2", body=b"{")
        with Client(port) as other:
            # Connections are served in their order.
            other.send("GET /ignore HTTP/1.1")
            other.receive(b"ok")
        stopping = Thread(target=running.__exit__, args=[None, None, None])
        stopping.start()
        wait_until_closed(port)
        client.socket.sendall(b"}")

        assert b"connection: close" in client.receive().lower()
    stopping.join()


def wait_until_closed(port: int) -> None:
    """Wait until the server accepts no connection, for 10 seconds at most."""
    deadline = time.monotonic() + 10
    with suppress(OSError):
        while time.monotonic() < deadline:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
