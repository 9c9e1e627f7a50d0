"""A WSGI application behind the ASGI server: requests, responses, streams and threads."""

import asyncio
import sys
import time
from collections.abc import Iterable, Iterator
from threading import Event, current_thread
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from {{ cookiecutter.package_name }}.cli import wsgi_to_asgi

from ..support.serving import Client, Message, Relay, running_relay

LIMIT = 100_000
SCOPE: Message = {
    "type": "http",
    "method": "GET",
    "path": "/",
    "raw_path": b"/",
    "query_string": b"",
    "headers": [],
    "server": ("127.0.0.1", 80),
    "client": ("127.0.0.1", 1),
    "scheme": "http",
    "http_version": "1.1",
}


class App:
    """A WSGI application with a method for each path; it records requests."""

    def __init__(self) -> None:
        self.environs: list[WSGIEnvironment] = []
        self.bodies: list[int] = []
        self.closed, self.resume = Event(), Event()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.environs.append(environ)
        assert current_thread().name.startswith(("request", "probe"))
        view = getattr(self, environ["PATH_INFO"].partition("/")[2].partition("/")[0])
        response: Iterable[bytes] = view(environ, start_response)
        return response

    def read(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        self.bodies.append(len(environ["wsgi.input"].read()))
        start_response("200 OK", [("Content-Length", "2")])
        return [b"", b"o", b"k"]

    def dated(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("Date", "Sat, 01 Jan 2000 00:00:00 GMT"), ("Age", "1")])
        return []

    def empty(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("204 No Content", [])
        return []

    def stream(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        try:
            yield b"first"
            assert self.resume.wait(10)
            for _ in range(1000):
                time.sleep(0.01)
                yield b"x" * 10_000
        finally:
            self.closed.set()

    def livez(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [])
        return [b"alive"]

    def write(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        write = start_response("200 OK", [])
        write(b"written ")
        return [b"and returned"]

    def replace(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "5")])
        try:
            raise ValueError("while responding")
        except ValueError:
            start_response("500 Internal Server Error", [], sys.exc_info())
        return [b"failed"]

    def fail_late(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"first"
        try:
            raise ValueError("while responding")
        except ValueError:
            start_response("500 Internal Server Error", [], sys.exc_info())


@pytest.fixture(scope="module")
def relay() -> Iterator[Relay]:
    # Longer than the timeout of the test client: no response depends on this timeout.
    with running_relay(request_timeout=60) as relay:
        yield relay


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def port(app: App, relay: Relay) -> int:
    relay.app = wsgi_to_asgi.WsgiToAsgi(app, threads=2, body_limit=lambda path: LIMIT)
    return relay.port


def request(port: int, *lines: str, body: bytes = b"") -> bytes:
    with Client(port) as client:
        client.send(*lines, "Connection: close", body=body)
        return client.receive()


def test_environ_describes_the_request(app: App, port: int) -> None:
    received = request(
        port,
        "POST /read/caf%C3%A9/%FF?q=%20x HTTP/1.1",
        "Content-Type: text/plain",
        "Content-Length: 4",
        "Cookie: a=1",
        "Cookie: b=2",
        "X-Forwarded-For: 192.0.2.1",
        "X_Forwarded_For: 192.0.2.66",
        "X-Forwarded-For: 192.0.2.2",
        body=b"body",
    )

    (environ,) = app.environs
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert received.endswith(b"\r\n\r\nok")
    assert app.bodies == [4]
    expected = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/read/caf\xc3\xa9/\xff",
        "QUERY_STRING": "q=%20x",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "4",
        "HTTP_HOST": "localhost",
        "HTTP_COOKIE": "a=1; b=2",
        "HTTP_X_FORWARDED_FOR": "192.0.2.1,192.0.2.2",
        "wsgi.url_scheme": "http",
    }
    assert {name: environ[name] for name in expected} == expected


def test_response_without_a_body_is_complete(port: int) -> None:
    assert request(port, "GET /empty HTTP/1.1").startswith(b"HTTP/1.1 204 ")


def test_response_has_one_date(port: int) -> None:
    head = request(port, "GET /dated HTTP/1.1", "Connection: close").lower().splitlines()

    assert b"age: 1" in head
    assert len([line for line in head if line.startswith(b"date:")]) == 1


def test_written_data_precedes_returned_data(port: int) -> None:
    received = request(port, "GET /write HTTP/1.0")

    assert received.endswith(b"written \r\nc\r\nand returned\r\n0\r\n\r\n")


def test_error_before_the_start_replaces_the_response(port: int) -> None:
    received = request(port, "GET /replace HTTP/1.1")

    assert received.startswith(b"HTTP/1.1 500 ")
    assert b"failed" in received


def test_error_after_the_start_truncates_the_response(port: int) -> None:
    received = request(port, "GET /fail_late HTTP/1.1")

    assert b"first" in received
    assert not received.endswith(b"0\r\n\r\n")


def test_stream_is_sent_without_buffering(app: App, port: int) -> None:
    with Client(port) as client:
        client.send("GET /stream HTTP/1.1")

        assert client.receive(b"first\r\n").endswith(b"first\r\n")
        app.resume.set()


def test_disconnect_closes_a_stream(app: App, port: int) -> None:
    with Client(port) as client:
        client.send("GET /stream HTTP/1.1")
        client.socket.recv(4096)
    app.resume.set()

    assert app.closed.wait(5)


def test_empty_message_is_no_disconnect() -> None:
    """Servers may send one after the end of the body."""
    incoming: list[Message] = [{"type": "http.request"}, {"type": "http.request"}]
    sent: list[Message] = []

    def stream(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"first"
        yield b"second"

    async def receive() -> Message:
        if not incoming:
            await asyncio.Event().wait()
        return incoming.pop()

    async def send(message: Message) -> None:
        sent.append(message)
        await asyncio.sleep(0)

    wrapped = wsgi_to_asgi.WsgiToAsgi(stream, threads=1, body_limit=lambda path: LIMIT)
    asyncio.run(wrapped(SCOPE, receive, send))

    assert incoming == []
    assert [each.get("body") for each in sent] == [None, b"first", b"second", None]


def test_incomplete_bodies_block_no_thread(app: App, port: int) -> None:
    clients = [Client(port) for _ in range(20)]
    for client in clients:
        client.send("POST /read HTTP/1.1", "Content-Length: 9", "Connection: close", body=b"half")

    assert request(port, "GET /empty HTTP/1.1").startswith(b"HTTP/1.1 204 ")

    assert [each["PATH_INFO"] for each in app.environs] == ["/empty"]
    for client in clients:
        client.socket.close()


def test_probe_responds_while_all_threads_are_busy(app: App, port: int) -> None:
    clients = [Client(port) for _ in range(3)]
    for client in clients:
        client.send("GET /stream HTTP/1.1")
    for client in clients[:2]:
        assert client.socket.recv(4096)

    assert b"alive" in request(port, "GET /livez HTTP/1.1")

    assert not app.closed.is_set()
    for client in clients:
        client.socket.close()
    app.resume.set()


@pytest.mark.parametrize(
    ("lines", "body", "received"),
    [
        (["Content-Length: 50000"], b"x" * 50_000, 50_000),
        (["Content-Length: 100001"], b"", 0),
    ],
    ids=["within the limit", "too long"],
)
def test_body_with_content_length_is_received_up_to_the_limit(
    lines: list[str], body: bytes, received: int, app: App, port: int
) -> None:
    assert request(port, "POST /read HTTP/1.1", *lines, body=body).endswith(b"ok")
    assert app.bodies == [received]


def test_chunked_body_is_received_up_to_the_limit(app: App, port: int) -> None:
    with Client(port) as client:
        client.send("POST /read HTTP/1.1", "Transfer-Encoding: chunked")
        for _ in range(40):
            client.socket.sendall(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
        client.socket.sendall(b"0\r\n\r\n")

        # The connection stays open.
        assert client.receive(b"ok").endswith(b"ok")
    (length,) = app.bodies
    assert LIMIT < length < 400_000
