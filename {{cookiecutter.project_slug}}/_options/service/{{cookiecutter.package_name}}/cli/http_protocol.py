"""HTTP/1.1 protocol of uvicorn, with timeouts for slow clients and limits for the request head."""

import asyncio

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..observability.requests import DISCONNECTED

# Maximum number of headers, and maximum bytes of a request head after its first packet.
MAX_HEADERS = 100
MAX_HEAD_SIZE = 65536
# Seconds that idle connections stay open after SIGTERM: a proxy may be sending a request on one.
IDLE_GRACE_PERIOD = 1


class Config(uvicorn.Config):
    """Configuration of uvicorn, with the seconds that each step of a request may take."""

    request_timeout: float


class HttpProtocol(HttpToolsProtocol):
    """A connection that is closed if its client is too slow, or the request head is too large.

    Within `request_timeout`, a head must be complete, and a part of a body or of a response transferred.
    """

    config: Config
    awaits_body = False
    is_stopping = False
    head: object | None = None
    head_size = 0
    reading: asyncio.TimerHandle | None = None
    writing: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the timeout of the first request head."""
        super().connection_made(transport)  # type: ignore[arg-type]  # uvicorn declares asyncio.Transport
        # Call pause_writing as soon as any byte is not received.
        self.transport.set_write_buffer_limits(0)
        self.start_reading_timeout()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel all timeouts, and mark a request without a response."""
        if self.cycle and not self.cycle.response_started:
            self.cycle.scope[DISCONNECTED] = True  # type: ignore[literal-required]  # a key of our own
        self.stop_reading_timeout()
        self.stop_writing_timeout()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse the data, and start the timeout of the missing part of the request."""
        head = self.head
        super().data_received(data)
        if self.transport.get_protocol() is not self:
            return  # upgraded to a WebSocket
        if self.awaits_body:
            self.stop_reading_timeout()
            self.start_reading_timeout()
        elif head is not None and head is self.head:
            self.head_size += len(data)
            if self.head_size > MAX_HEAD_SIZE:
                self.send_400_response("The head of the request is too large.")
        is_answered = self.cycle is None or self.cycle.response_complete
        if self.reading is None and is_answered:
            self.start_reading_timeout()

    def on_message_begin(self) -> None:
        """Begin to count the size of the head."""
        self.head, self.head_size = object(), 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Raise an error, which rejects the request, if it has too many headers; ignore trailers."""
        if self.awaits_body:
            return
        if len(self.headers) == MAX_HEADERS:
            raise ValueError("too many headers")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Wait for the body; reject a body of an upgrade, which the parser would read as the next request."""
        if self.parser.should_upgrade() and self.has_body():
            raise ValueError("an upgrade with a body")
        self.stop_reading_timeout()
        self.awaits_body, self.head = True, None
        super().on_headers_complete()
        if self.is_stopping and self.cycle:
            self.cycle.keep_alive = False

    def has_body(self) -> bool:
        """Return whether the headers announce a body that is not empty."""
        headers = dict(self.headers)
        is_empty = not headers.get(b"content-length", b"").strip(b"0 \t")
        return b"transfer-encoding" in headers or not is_empty

    def on_message_complete(self) -> None:
        """Cancel the timeout while the application processes the request."""
        self.stop_reading_timeout()
        self.awaits_body = False
        super().on_message_complete()

    def shutdown(self) -> None:
        """Close the connection after its response; an idle one after a while, or after its next response."""
        self.is_stopping = True
        if self.cycle and not self.cycle.response_complete:
            super().shutdown()
        else:
            self.loop.call_later(IDLE_GRACE_PERIOD, super().shutdown)

    def pause_writing(self) -> None:
        """Start the timeout for the client to receive data."""
        super().pause_writing()
        self.start_writing_timeout()

    def resume_writing(self) -> None:
        """Cancel the timeout, and resume sending."""
        self.stop_writing_timeout()
        super().resume_writing()

    def start_reading_timeout(self) -> None:
        """Start the timeout for the client to send data."""
        self.reading = self.loop.call_later(self.config.request_timeout, self.on_reading_timeout)

    def stop_reading_timeout(self) -> None:
        """Cancel the timeout for sending data."""
        if self.reading:
            self.reading.cancel()
            self.reading = None

    def start_writing_timeout(self) -> None:
        """Start the timeout for the client to receive data."""
        size = self.transport.get_write_buffer_size()
        self.writing = self.loop.call_later(
            self.config.request_timeout, self.on_writing_timeout, size
        )

    def stop_writing_timeout(self) -> None:
        """Cancel the timeout for receiving data."""
        if self.writing:
            self.writing.cancel()
            self.writing = None

    def on_reading_timeout(self) -> None:
        """Close the connection, unless the application has paused reading."""
        if self.awaits_body and (self.flow.read_paused or self.cycle.waiting_for_100_continue):
            self.start_reading_timeout()
        else:
            self.transport.close()

    def on_writing_timeout(self, size: int) -> None:
        """Abort the connection, unless the client has received data since the timeout was started."""
        if self.transport.get_write_buffer_size() < size:
            self.start_writing_timeout()
        else:
            self.transport.abort()
