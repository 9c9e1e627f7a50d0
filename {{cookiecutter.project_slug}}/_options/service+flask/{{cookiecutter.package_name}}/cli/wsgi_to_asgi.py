"""ASGI adapter of a WSGI application: network I/O on the event loop, the application in a thread."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIApplication, WSGIEnvironment

from ..observability.requests import DISCONNECTED

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# Bytes of a body that are kept in memory; larger bodies go to a temporary file.
MAX_BODY_IN_MEMORY = 65536
# These have separate threads: a process whose threads are all busy must still respond to them.
PROBES = {
    "/livez",
    "/readyz",
    # {% if "prometheus" in cookiecutter.__facts %}
    "/metrics",
    # {% endif %}
}


class ClientDisconnected(OSError):
    """The client has disconnected before the response was complete."""


class WsgiToAsgi:
    """Call a WSGI application in one of `threads` threads, after the body of the request was received.

    Bodies are received up to the `body_limit` of their path; the application rejects larger ones. It also rejects, for the log, a
    request whose client has disconnected: the environment refers to the scope, which contains DISCONNECTED.
    """

    def __init__(
        self, app: WSGIApplication, *, threads: int, body_limit: Callable[[str], int]
    ) -> None:
        self.app, self.body_limit = app, body_limit
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self.probe_threads = ThreadPoolExecutor(len(PROBES), thread_name_prefix="probe")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Process a request, unless its client disconnects."""
        with SpooledTemporaryFile(MAX_BODY_IN_MEMORY) as body, suppress(ClientDisconnected):
            environ = make_environ(scope, body)
            limit = self.body_limit(scope["path"])
            if int(environ.get("CONTENT_LENGTH") or 0) <= limit:
                try:
                    await receive_body(body, receive, limit)
                except ClientDisconnected:
                    scope[DISCONNECTED] = True
            response = Response(receive, send)
            threads = self.probe_threads if scope["path"] in PROBES else self.threads
            try:
                await response.loop.run_in_executor(threads, response.make, self.app, environ)
                await response.send_pending()
            finally:
                response.stop_watching()


async def receive_body(body: IO[bytes], receive: Receive, limit: int) -> None:
    """Store the body, at most one message beyond the limit; raise ClientDisconnected if it is incomplete."""
    is_incomplete = True
    while is_incomplete and body.tell() <= limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        body.write(message.get("body", b""))
        is_incomplete = message.get("more_body", False)
    body.seek(0)


def make_environ(scope: Message, body: IO[bytes]) -> WSGIEnvironment:
    """Return the WSGI environment of a request: https://peps.python.org/pep-3333/#environ-variables."""
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": scope["server"][0],
        "SERVER_PORT": str(scope["server"][1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0],
        "REMOTE_PORT": str(scope["client"][1]),
        "server.scope": scope,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name_bytes, value_bytes in scope["headers"]:
        name, value = name_bytes.decode("latin-1"), value_bytes.decode("latin-1")
        # Otherwise X_Forwarded_For could spoof X-Forwarded-For.
        if "_" in name:
            continue
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_LENGTH", "CONTENT_TYPE"):
            key = f"HTTP_{key}"
        separator = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{separator}{value}" if key in environ else value
    return environ


class Response:
    """Collects the response of an application in a thread, and sends it on the event loop.

    A response with Content-Length is sent when the thread has finished, a stream part by part.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self.loop = asyncio.get_running_loop()
        self.receive, self.send = receive, send
        self.pending: list[Message] = []
        self.is_started = False
        self.missing: int | None = None
        self.watcher: asyncio.Task[None] | None = None

    def make(self, app: WSGIApplication, environ: WSGIEnvironment) -> None:
        """Call the application; runs in a thread."""
        chunks = app(environ, self.start)
        try:
            for chunk in chunks:
                self.write(chunk)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        if self.pending and "body" in self.pending[-1]:
            self.pending[-1]["more_body"] = False
        else:
            self.pending.append({"type": "http.response.body"})

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None, /
    ) -> Callable[[bytes], object]:
        """Start the response (`start_response` of PEP 3333); with `exc_info`, replace one that was not sent yet."""
        if exc_info and self.is_started:
            raise exc_info[1].with_traceback(exc_info[2])
        encoded = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in headers
            # The server adds a date to each response.
            if name.lower() != "date"
        ]
        length = dict(encoded).get(b"content-length")
        self.missing = int(length) if length else None
        self.pending = [
            {"type": "http.response.start", "status": int(status[:3]), "headers": encoded}
        ]
        return self.write

    def write(self, chunk: bytes) -> None:
        """Add a part of the body; raise ClientDisconnected if the client has disconnected."""
        if not chunk:
            return
        self.pending.append({"type": "http.response.body", "body": chunk, "more_body": True})
        if self.missing is not None:
            self.missing -= len(chunk)
        if self.missing != 0:
            asyncio.run_coroutine_threadsafe(self.send_part(), self.loop).result()

    async def send_part(self) -> None:
        """Send the pending messages; raise ClientDisconnected if the client has disconnected."""
        if self.watcher is None:
            self.watcher = self.loop.create_task(self.watch())
        if self.watcher.done():
            raise ClientDisconnected
        await self.send_pending()

    async def send_pending(self) -> None:
        """Send the pending messages."""
        messages, self.pending = self.pending, []
        self.is_started = True
        for message in messages:
            await self.send(message)

    async def watch(self) -> None:
        """Wait until the client disconnects."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    def stop_watching(self) -> None:
        """Cancel the wait for a disconnect."""
        if self.watcher:
            self.watcher.cancel()
