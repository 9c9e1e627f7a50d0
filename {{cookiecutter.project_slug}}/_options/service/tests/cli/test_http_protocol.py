"""What the server does with clients that are slow, silent, or send too much."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from threading import Event

import pytest

from ..support.serving import (
    REQUEST_TIMEOUT,
    Client,
    Message,
    Receive,
    Relay,
    Send,
    relaying,
    serving,
)

# Seconds that clients are given which are to be disconnected, whatever they do.
SHORT_TIMEOUT = 0.1
CHUNK = b"x" * 65536
LARGE = 20_000_000


class App:
    """An ASGI application that does what the path says, and keeps what became of it."""

    def __init__(self) -> None:
        self.bodies: list[int] = []
        self.headers: list[tuple[bytes, bytes]] = []
        self.is_left = Event()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        self.headers = scope["headers"]
        await getattr(self, scope["path"][1:])(receive, send)

    async def read(self, receive: Receive, send: Send) -> None:
        """Answer the length of the body, if it is complete."""
        length, message = 0, await receive()
        while message.get("more_body"):
            length += len(message["body"])
            message = await receive()
        if message["type"] == "http.disconnect":
            self.is_left.set()
            return
        self.bodies.append(length + len(message["body"]))
        await self.answer(send)

    async def think(self, receive: Receive, send: Send) -> None:
        """Take longer than a client may, then read."""
        await asyncio.sleep(REQUEST_TIMEOUT * 1.5)
        await self.read(receive, send)

    async def ponder(self, receive: Receive, send: Send) -> None:
        """Read, then take longer than a client may."""
        await receive()
        await asyncio.sleep(REQUEST_TIMEOUT * 1.5)
        await self.answer(send)

    async def stream(self, receive: Receive, send: Send) -> None:
        """Send more than any buffer takes, until the client is gone."""
        gone = asyncio.ensure_future(receive())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not gone.done() or gone.result()["type"] != "http.disconnect":
            if gone.done():
                gone = asyncio.ensure_future(receive())
            await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
            await asyncio.sleep(0)
        self.is_left.set()

    async def ignore(self, receive: Receive, send: Send) -> None:
        """Answer without a look at the body."""
        await self.answer(send)

    async def large(self, receive: Receive, send: Send) -> None:
        """Send a body in one part."""
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * LARGE})

    async def answer(self, send: Send) -> None:
        headers = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture(scope="module")
def relay() -> Iterator[Relay]:
    with relaying() as relay:
        yield relay


@pytest.fixture(scope="module")
def hasty_relay() -> Iterator[Relay]:
    with relaying(SHORT_TIMEOUT) as relay:
        yield relay


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def port(app: App, relay: Relay) -> int:
    relay.app = app
    return relay.port


@pytest.fixture
def hasty_port(app: App, hasty_relay: Relay) -> int:
    """The port of a server that waits for next to nothing."""
    hasty_relay.app = app
    return hasty_relay.port


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET /ignore HTTP/1.1\r\nHo",
        b"\r\n\r\n",
        b"POST /read HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf",
    ],
    ids=["nothing", "half a head", "empty lines", "half a body"],
)
def test_client_that_stops_in_a_request_is_disconnected(
    begun: bytes, app: App, hasty_port: int
) -> None:
    with Client(hasty_port) as client:
        client.socket.sendall(begun)

        assert client.receive() == b""
        assert SHORT_TIMEOUT * 0.9 < time.monotonic() - client.connected < SHORT_TIMEOUT + 5
    assert app.bodies == []


def test_client_that_stops_after_a_response_is_disconnected(port: int) -> None:
    with Client(port) as client:
        client.send("POST /ignore HTTP/1.1", "Content-Length: 9")
        assert client.receive(b"ok").endswith(b"ok")
        client.socket.sendall(b"half")

        assert client.receive() == b""


def test_client_that_stops_in_a_second_request_is_disconnected(port: int) -> None:
    with Client(port) as client:
        client.send("GET /ignore HTTP/1.1")
        assert client.receive(b"ok").endswith(b"ok")
        client.socket.sendall(b"GET /ignore HTTP/1.1\r\nHo")

        assert client.receive() == b""


def test_client_that_stops_in_a_head_that_came_with_another_request_is_disconnected(
    port: int,
) -> None:
    with Client(port) as client:
        client.socket.sendall(b"GET /ignore HTTP/1.1\r\nHost: localhost\r\n\r\nGET /ignore HTT")
        assert client.receive(b"ok").endswith(b"ok")
        client.socket.sendall(b"P")

        assert client.receive() == b""


def test_head_that_trickles_is_not_waited_for(hasty_port: int) -> None:
    with Client(hasty_port) as client:
        client.socket.sendall(b"GET /ignore HTTP/1.1\r\n")
        is_closed, lines = False, 0
        # Far fewer than a head may have.
        while not is_closed and lines < 50:
            lines += 1
            time.sleep(SHORT_TIMEOUT / 4)
            try:
                client.socket.sendall(b"X: 1\r\n")
            except ConnectionError:
                is_closed = True

    assert is_closed


def test_body_that_trickles_is_waited_for(app: App, port: int) -> None:
    with Client(port) as client:
        client.send("POST /read HTTP/1.1", "Content-Length: 3", "Connection: close")
        for _ in range(3):
            time.sleep(REQUEST_TIMEOUT * 0.6)
            client.socket.sendall(b"x")

        assert client.receive().endswith(b"ok")
    assert app.bodies == [3]


@pytest.mark.parametrize("expect", ["Expect: 100-continue", "Accept: text/plain"])
def test_client_is_not_blamed_for_a_slow_application(expect: str, app: App, port: int) -> None:
    body = CHUNK * 40
    with Client(port) as client:
        client.send(
            "POST /think HTTP/1.1", expect, f"Content-Length: {len(body)}", "Connection: close"
        )
        if expect.startswith("Expect"):
            assert client.socket.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.socket.sendall(body)

        assert client.receive().endswith(b"ok")
    assert app.bodies == [len(body)]


def test_client_whose_body_is_complete_is_not_blamed_for_a_slow_application(port: int) -> None:
    with Client(port) as client:
        client.send("POST /ponder HTTP/1.1", "Expect: 100-continue", "Content-Length: 4")
        assert client.socket.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.socket.sendall(b"body")

        assert client.receive(b"ok").endswith(b"ok")


@pytest.mark.parametrize(
    "ending", [b"ZZ\r\n", b"", b"5\r\nhel"], ids=["bad chunk", "no last chunk", "half a chunk"]
)
def test_chunked_body_that_breaks_off_is_not_taken_for_complete(
    ending: bytes, app: App, hasty_port: int
) -> None:
    with Client(hasty_port) as client:
        client.send(
            "POST /read HTTP/1.1", "Transfer-Encoding: chunked", body=b"5\r\nhello\r\n" + ending
        )
        received = client.receive()

    assert b" 200 " not in received
    assert app.is_left.wait(10)
    assert app.bodies == []


@pytest.mark.parametrize(
    "headers",
    [["X: 1"] * 101, ["X-Request-ID: a"] * 120_000, [f"X: {'a' * 400_000}"]],
    ids=["101 headers", "120000 headers", "a long one"],
)
def test_head_that_is_too_large_is_refused(headers: list[str], port: int) -> None:
    with Client(port) as client:
        # Some are refused before they were sent.
        with suppress(ConnectionError):
            client.send("GET /ignore HTTP/1.1", *headers)
        received = client.receive()

    assert b" 200 " not in received
    assert not received or b" 400 " in received


def test_rest_of_a_body_that_nobody_reads_is_no_head(port: int) -> None:
    body = CHUNK * 8
    with Client(port) as client:
        client.send("POST /ignore HTTP/1.1", f"Content-Length: {len(body)}")
        assert client.receive(b"ok").endswith(b"ok")
        client.socket.sendall(body)
        client.send("GET /ignore HTTP/1.1", "Connection: close")

        assert client.receive().startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("framing", ["Content-Length: 60", "Transfer-Encoding: chunked"])
def test_body_after_an_upgrade_is_no_request(framing: str, app: App, port: int) -> None:
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


def test_trailers_are_no_headers(app: App, port: int) -> None:
    body = b"1\r\nx\r\n0\r\nX-Forwarded-For: 192.0.2.66\r\n\r\n"
    with Client(port) as client:
        client.send("POST /read HTTP/1.1", "Transfer-Encoding: chunked", body=body)
        assert client.receive(b"ok").endswith(b"ok")

    assert b"x-forwarded-for" not in dict(app.headers)


def test_head_is_bounded_while_another_request_is_answered(port: int) -> None:
    with Client(port) as client:
        client.send("GET /think HTTP/1.1")
        client.socket.sendall(b"GET /ignore HTTP/1.1\r\nX: ")
        with pytest.raises(ConnectionError):
            client.socket.sendall(CHUNK * 1000)


def test_large_response_is_sent_to_a_client_that_receives_slowly(port: int) -> None:
    received = 0
    with Client(port) as client:
        client.send("GET /large HTTP/1.1", "Connection: close")
        while part := client.socket.recv(500_000):
            received += len(part)
            time.sleep(REQUEST_TIMEOUT / 30)

    assert received > LARGE


def test_cleartext_http_2_is_refused(port: int) -> None:
    with Client(port) as client:
        client.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0")

        assert b" 400 " in client.receive().splitlines()[0]


def test_client_that_does_not_receive_is_disconnected(app: App, hasty_port: int) -> None:
    with Client(hasty_port) as client:
        client.send("GET /stream HTTP/1.1")

        assert app.is_left.wait(SHORT_TIMEOUT + 10)


def test_client_that_receives_slowly_is_waited_for(app: App, port: int) -> None:
    with Client(port) as client:
        client.send("GET /stream HTTP/1.1")
        deadline = time.monotonic() + REQUEST_TIMEOUT * 2
        while time.monotonic() < deadline:
            time.sleep(REQUEST_TIMEOUT / 10)
            assert client.socket.recv(10_000_000)
        assert not app.is_left.is_set()
    assert app.is_left.wait(10)


def test_connection_that_becomes_a_websocket_has_no_timeout_of_requests(app: App) -> None:
    lost = Event()

    class WebSocket(asyncio.Protocol):
        def __init__(self, **options: object) -> None:
            pass

        def connection_lost(self, error: Exception | None) -> None:
            lost.set()

    with serving(app, ws=WebSocket) as port, Client(port) as client:
        client.send("GET /ignore HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket")

        assert not lost.wait(REQUEST_TIMEOUT * 1.5)
        client.socket.close()
        assert lost.wait(10)
