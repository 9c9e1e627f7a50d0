"""Around every request: its id, its limits, the headers of its response, its line in the log."""

import logging
from collections.abc import Awaitable
from time import perf_counter

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import request_id, traceparent
from .config import Settings
from .errors import problem_response
from .headers import SECURITY_HEADERS
from .hosts import AllowedHosts
from .logs import RequestLog
from .problems import UNTRUSTED_HOST

logger = logging.getLogger(__name__)

SECURITY = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
SECURITY_NAMES = {name for name, _ in SECURITY}


class RequestMiddleware:
    """Begin each request, refuse it or pass it on, see its response out, log it."""

    def __init__(self, app: ASGIApp, settings: Settings, error_app: ASGIApp) -> None:
        self.app, self.error_app = app, error_app
        self.log = RequestLog(settings)
        self.allowed_hosts = AllowedHosts(settings.allowed_hosts)
        self.max_body_size = settings.max_body_size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = Exchange(scope, receive, send, self.max_body_size)
        try:
            if exchange.host not in self.allowed_hosts:
                await problem_response(400, UNTRUSTED_HOST)(scope, receive, exchange.send)
            elif exchange.content_length > self.max_body_size:
                await problem_response(413)(scope, receive, exchange.send)
            else:
                await self.app(exchange.scope, exchange.receive, exchange.send)
        except HeadAnswered:
            pass
        except Exception:
            logger.exception("unhandled error")
            if exchange.begun:
                raise
            await self.error_app(scope, receive, exchange.send)
        finally:
            if self.log.is_on:
                exchange.log_to(self.log)


class HeadAnswered(Exception):
    """Nothing of the stream that would follow is wanted."""


class Exchange:
    """One request and its response, as far as they have come."""

    __slots__ = (
        "begun",
        "content_length",
        "host",
        "id",
        "left",
        "method",
        "receive_on",
        "scope",
        "send_on",
        "sent",
        "started",
        "status",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, max_body_size: int) -> None:
        self.started = perf_counter()
        self.scope, self.receive_on, self.send_on = scope, receive, send
        self.left = max_body_size
        self.begun, self.status, self.sent = False, 500, 0
        self.host, self.content_length = "", 0
        given = trace = b""
        for name, value in scope["headers"]:
            if name == b"host":
                self.host = value.decode("latin-1")
            elif name == b"content-length":
                self.content_length = int(value) if value.isdigit() else 0
            elif name == b"x-request-id":
                given = given + b"," + value if given else value
            elif name == b"traceparent":
                trace = value
        self.id = request_id.begin(given.decode("latin-1"))
        if trace:
            traceparent.begin(trace.decode("latin-1"))
        self.method: str = scope["method"]
        if self.method == "HEAD":
            # FastAPI answers it nowhere by itself; it is GET without a body, though not to the server.
            self.scope = {**scope, "method": "GET"}

    async def receive(self) -> Message:
        """Count the body as it comes, whatever length it said to have."""
        message = await self.receive_on()
        self.left -= len(message.get("body", b""))
        if self.left < 0:
            raise HTTPException(413)
        return message

    def send(self, message: Message) -> Awaitable[None]:
        """Add the headers that every response has; what the response says itself stays."""
        if message["type"] == "http.response.start":
            self.begun, self.status = True, message["status"]
            own = message.get("headers", ())
            names = [name for name, _ in own]
            added = SECURITY
            if not SECURITY_NAMES.isdisjoint(names):
                added = [header for header in SECURITY if header[0] not in names]
            message["headers"] = [*own, *added, (b"x-request-id", self.id.encode())]
        elif message["type"] == "http.response.body":
            if self.method == "HEAD":
                return self.send_no_body(is_stream=message.get("more_body", False))
            self.sent += len(message.get("body", b""))
        return self.send_on(message)

    async def send_no_body(self, *, is_stream: bool) -> None:
        """End the response to a HEAD, and what would stream its body."""
        await self.send_on({"type": "http.response.body", "body": b""})
        if is_stream:
            raise HeadAnswered

    def log_to(self, log: RequestLog) -> None:
        """Write the line; servers make a 500 of a response that was never begun."""
        # FastAPI keeps the path with the prefixes of its routers here.
        route = self.scope.get("fastapi", {}).get("effective_route_context")
        client = self.scope.get("client")
        log.write(
            method=self.method,
            route=getattr(route or self.scope.get("route"), "path_format", None),
            status=self.status,
            started=self.started,
            size=self.sent,
            client=client[0] if client else None,
        )


class RootPathMiddleware:
    """Tell the application where it is mounted, whether or not the proxy takes the prefix off."""

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self.app, self.root_path = app, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["root_path"] = self.root_path
        await self.app(scope, receive, send)
