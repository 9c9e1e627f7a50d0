"""The middleware of every request: its id, its limits, the headers of its response, its record."""

import logging
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from time import perf_counter
from traceback import format_exc
from typing import Literal

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from ..config import Settings
from ..observability import context
from ..observability.requests import (
    CLIENT_CLOSED_REQUEST,
    DISCONNECTED,
    Observer,
    RequestRecord,
)
from .allowed_hosts import AllowedHosts
from .error_handlers import problem_response
from .problems import UNTRUSTED_HOST, UNTRUSTED_ORIGIN
from .security_headers import security_headers
from .trusted_proxies import TrustedProxies, parse_address

logger = logging.getLogger(__name__)

Headers = list[tuple[bytes, bytes]]

# Headers that must not be repeated: a second one makes the value malformed.
SINGLE = {
    b"content-length",
    b"host",
    b"origin",
    b"traceparent",
    b"x-request-id",
}
REPEATED = b","
# https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1
POLICY_VIOLATION, INTERNAL_ERROR = 1008, 1011


class RequestMiddleware:
    """Begin each request, reject it or pass it on, complete its response, and report it."""

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        observers: Sequence[Observer],
        inner: Sequence[Middleware],
    ) -> None:
        self.app, self.observers, self.inner = app, observers, inner
        self.debug = settings.debug
        self.allowed_hosts = AllowedHosts(settings.allowed_hosts)
        self.allowed_origins = set(settings.cors_origins)
        self.proxies = TrustedProxies(settings.trusted_proxies)
        self.security = {
            scheme: [(name.lower().encode(), value.encode()) for name, value in headers.items()]
            for scheme, headers in security_headers(settings).items()
        }
        self.body_limit = settings.body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        single, forwarded = read_headers(scope)
        apply_proxy_headers(scope, forwarded, self.proxies)
        security = self.security["https" if scope["scheme"] in ("https", "wss") else "http"]
        if scope["type"] == "websocket":
            await self.handle_websocket(WebSocketConnection(scope, receive, send, single, security))
            return
        limit = self.body_limit(scope["path"])
        exchange = Exchange(scope, receive, send, limit, single, security, self.report)
        try:
            if exchange.host not in self.allowed_hosts:
                await self.respond(exchange, 400, UNTRUSTED_HOST)
            elif exchange.content_length > limit:
                await self.respond(exchange, 413)
            else:
                await self.call_app(exchange)
        except Exception:
            if exchange.begun and not exchange.has_ended:
                # The server logs the error, and closes the connection.
                raise
            logger.exception("unhandled error")
            if not exchange.begun:
                await self.respond(exchange, 500, format_exc() if self.debug else None)
        finally:
            exchange.end()

    async def respond(
        self, connection: "Exchange | WebSocketConnection", status: int, detail: str | None = None
    ) -> None:
        """Respond with a problem, which passes the middleware that other responses pass, such as that of CORS."""
        response: ASGIApp = problem_response(status, detail)
        for middleware, arguments, options in reversed(self.inner):
            response = middleware(response, *arguments, **options)
        # Not as OPTIONS: CORS would respond to a preflight itself.
        scope = {**connection.scope, "method": "GET"}
        await response(scope, connection.receive, connection.send)

    async def call_app(self, exchange: "Exchange") -> None:
        """Call the application; a client that disconnects, or that wants no body, is not an error."""
        try:
            await self.app(exchange.scope, exchange.receive, exchange.send)
        except* (HeadAnswered, ClientDisconnect) as errors:
            release_frames(errors)

    async def handle_websocket(self, socket: "WebSocketConnection") -> None:
        """Reject the handshake or call the application, and report the connection when it has ended."""
        try:
            if socket.host not in self.allowed_hosts:
                await socket.refuse(400, UNTRUSTED_HOST)
            elif not self.is_allowed_origin(socket.origin, socket.host):
                await socket.refuse(403, UNTRUSTED_ORIGIN)
            else:
                await self.app(socket.scope, socket.receive, socket.send)
        except WebSocketDisconnect:
            # An endpoint that reads until the client disconnects need not catch it.
            pass
        except Exception:
            logger.exception("unhandled error")
            await self.respond(socket, 500, format_exc() if self.debug else None)
        finally:
            self.report(socket.record())

    def report(self, record: RequestRecord) -> None:
        """Pass the record of a request or a WebSocket that has ended to all observers."""
        for observe in self.observers:
            observe(record)

    def is_allowed_origin(self, origin: str | None, host: str) -> bool:
        """Return whether pages of an origin may connect: browsers do not apply CORS to WebSockets."""
        same = (f"http://{host}", f"https://{host}")
        return origin in (None, *same) or not self.allowed_origins.isdisjoint({origin, "*"})


class HeadAnswered(Exception):
    """The response to a HEAD is complete; the rest of its stream is not wanted."""


def release_frames(errors: ExceptionGroup) -> None:
    """Release the frames of errors, which would keep a generator open until the next garbage collection."""
    for error in errors.exceptions:
        error.__traceback__ = error.__context__ = None


def read_headers(scope: Scope) -> tuple[dict[bytes, bytes], list[str]]:
    """Return the headers that must not be repeated, and the lists in those of proxies.

    The loop concatenates nothing: its time would grow with the square of the number of headers.
    """
    single: dict[bytes, bytes] = {}
    lists: dict[bytes, list[bytes]] = {b"x-forwarded-for": [], b"x-forwarded-proto": []}
    for name, value in scope["headers"]:
        if name in SINGLE:
            single[name] = REPEATED if name in single else value
        elif name in lists:
            lists[name].append(value)
    return single, [b",".join(values).decode("latin-1") for values in lists.values()]


def apply_proxy_headers(scope: Scope, forwarded: Sequence[str], proxies: TrustedProxies) -> None:
    """Set the client and the scheme that trusted proxies report."""
    is_socket = scope["type"] == "websocket"
    scheme: str = scope.setdefault("scheme", "ws" if is_socket else "http")
    if scope.get("client"):
        host, port = scope["client"]
        client, scheme = proxies.resolve(host, scheme, *forwarded)
        if client != host:
            is_peer = client == str(parse_address(host))
            scope["client"] = (client, port if is_peer else 0)
        scope["scheme"] = scheme.replace("http", "ws") if is_socket else scheme


def set_context(single: dict[bytes, bytes]) -> str:
    """Set the context of a request, and return its id."""
    names = (b"x-request-id", b"traceparent")
    return context.begin(*(single.get(name, b"").decode("latin-1") for name in names))


def path_template(scope: Scope) -> str | None:
    """Return the template of the path, with the names of its variables; that of a mount ends with `{path}`."""
    # FastAPI keeps the path with the prefixes of its routers here, but not that of a WebSocket.
    context = scope.get("fastapi", {}).get("effective_route_context")
    path: str | None = getattr(context, "path_format", None)
    path = path or getattr(scope.get("route"), "path_format", None)
    if "app_root_path" not in scope:
        return path
    # A mount has appended its path, with values.
    mounted: str = scope["root_path"].removeprefix(scope["app_root_path"])
    names = {str(value): "{" + name + "}" for name, value in scope["path_params"].items()}
    prefix = "/".join(names.get(part, part) for part in mounted.split("/"))
    return prefix + (path or "/{path}")


def with_common_headers(headers: Headers, security: Headers, identifier: str) -> Headers:
    """Return the headers of a response, with those of every response that it does not set itself."""
    names = {name.lower() for name, _ in headers}
    added = [header for header in security if header[0] not in names]
    return [*headers, *added, (b"x-request-id", identifier.encode())]


class Exchange:
    """The state of a request and its response."""

    __slots__ = (
        "begun",
        "content_length",
        "has_ended",
        "host",
        "id",
        "left",
        "method",
        "receive_on",
        "report",
        "scope",
        "security",
        "send_on",
        "sent",
        "server_scope",
        "started",
        "status",
    )

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        limit: int,
        single: dict[bytes, bytes],
        security: Headers,
        report: Observer,
    ) -> None:
        self.started = perf_counter()
        self.report, self.has_ended = report, False
        self.scope = self.server_scope = scope
        self.receive_on, self.send_on = receive, send
        self.left = limit
        self.begun, self.status, self.sent = False, 500, 0
        self.security = security
        self.host = single.get(b"host", b"").decode("latin-1")
        length = single.get(b"content-length", b"")
        # Python rejects numbers with thousands of digits.
        self.content_length = int(length[:20]) if length.isdigit() else 0
        self.id = set_context(single)
        self.method: str = scope["method"]
        if self.method == "HEAD":
            # FastAPI has no routes for it: to the application it is GET, to the server it remains HEAD.
            self.scope = {**scope, "method": "GET"}

    async def receive(self) -> Message:
        """Count the body as it arrives, whatever its Content-Length."""
        message = await self.receive_on()
        if message["type"] == "http.disconnect" and not self.begun:
            self.status = CLIENT_CLOSED_REQUEST
        self.left -= len(message.get("body", b""))
        if self.left >= 0:
            return message
        if self.begun:
            # It is too late for an error response: servers close the connection of an incomplete one.
            return {"type": "http.disconnect"}
        raise HTTPException(413)

    def send(self, message: Message) -> Awaitable[None]:
        """Add the headers of every response, and send the message."""
        if message["type"] == "http.response.start":
            self.begun = True
            is_discarded = self.is_disconnected()
            self.status = CLIENT_CLOSED_REQUEST if is_discarded else message["status"]
            own = message.get("headers", ())
            message["headers"] = with_common_headers(own, self.security, self.id)
            if self.method == "HEAD":
                return self.send_head(message)
        elif message["type"] == "http.response.body":
            if self.method == "HEAD":
                return self.drop_body(is_stream=message.get("more_body", False))
            self.sent += len(message.get("body", b""))
            if not message.get("more_body", False):
                return self.send_end(message)
        return self.send_on(message)

    async def send_end(self, message: Message) -> None:
        """Send the last part of the body; background tasks of the application follow."""
        await self.send_on(message)
        self.end()

    def end(self) -> None:
        """Report the request when its response has ended, and not again."""
        if not self.has_ended:
            self.has_ended = True
            self.report(self.record())

    def is_disconnected(self) -> bool:
        """Return whether the client has disconnected; the server then discards the response."""
        return self.status == CLIENT_CLOSED_REQUEST or DISCONNECTED in self.server_scope

    async def send_head(self, start: Message) -> None:
        """Complete the response to a HEAD; the server then reports a disconnect, which also ends an idle stream."""
        await self.send_on(start)
        await self.send_end({"type": "http.response.body", "body": b""})

    async def drop_body(self, *, is_stream: bool) -> None:
        """Send no body in response to HEAD, and stop a stream."""
        if is_stream:
            raise HeadAnswered

    def record(self) -> RequestRecord:
        """Return the record of the request; servers respond 500 if the application began no response."""
        client = self.scope.get("client")
        return RequestRecord(
            method=self.method,
            # A path whose methods are others has no endpoint for the request.
            route=None if self.status == 405 else path_template(self.scope),
            status=self.status,
            duration=perf_counter() - self.started,
            size=self.sent,
            client=client[0] if client else None,
        )


class WebSocketConnection:
    """The state of a WebSocket, from its handshake until it is closed."""

    __slots__ = (
        "host",
        "id",
        "origin",
        "phase",
        "receive",
        "scope",
        "security",
        "send_on",
        "sent",
        "started",
        "status",
    )

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        single: dict[bytes, bytes],
        security: Headers,
    ) -> None:
        self.started = perf_counter()
        self.scope, self.receive, self.send_on = scope, receive, send
        self.security = security
        self.host = single.get(b"host", b"").decode("latin-1")
        origin = single.get(b"origin")
        self.origin = None if origin is None else origin.decode("latin-1")
        self.id = set_context(single)
        self.phase: Literal["connecting", "open", "response", "ended"] = "connecting"
        # Servers respond with 500 to a handshake that the endpoint neither accepts nor rejects.
        self.status, self.sent = 500, 0

    async def refuse(self, status: int, detail: str | None = None) -> None:
        """Respond to the handshake with a problem document."""
        await problem_response(status, detail)(self.scope, self.receive, self.send)

    async def send(self, message: Message) -> None:
        """Add headers to the response to the handshake; respond with a problem document to a rejection."""
        kind = message["type"]
        if kind == "websocket.accept":
            self.phase, self.status = "open", 101
            own = message.get("headers", ())
            message["headers"] = [*own, (b"x-request-id", self.id.encode())]
        elif kind == "websocket.send":
            self.sent += len(message.get("bytes") or (message.get("text") or "").encode())
        elif kind == "websocket.close":
            if self.phase == "connecting":
                # Servers would respond with 403 and no document; Starlette closes if no route matches.
                await self.refuse(403 if "endpoint" in self.scope else 404)
                return
            self.phase = "ended"
        elif kind == "websocket.http.response.start":
            await self.start_response(message)
            return
        elif self.phase != "response":
            return
        await self.send_on(message)

    async def start_response(self, message: Message) -> None:
        """Send the response that rejects the handshake, or close the connection if it cannot be sent."""
        status: int = message["status"]
        can_respond = "websocket.http.response" in (self.scope.get("extensions") or ())
        if self.phase == "connecting" and can_respond:
            self.phase, self.status = "response", status
            own = message.get("headers", ())
            message["headers"] = with_common_headers(own, self.security, self.id)
            await self.send_on(message)
        elif self.phase in ("connecting", "open"):
            # Servers respond with 403 to a handshake that is closed.
            self.status = 403 if self.phase == "connecting" else self.status
            self.phase = "ended"
            code = INTERNAL_ERROR if status >= 500 else POLICY_VIOLATION
            # The client may have disconnected.
            with suppress(OSError):
                await self.send_on({"type": "websocket.close", "code": code})

    def record(self) -> RequestRecord:
        """Return the record of the connection."""
        client = self.scope.get("client")
        return RequestRecord(
            method="WEBSOCKET",
            route=path_template(self.scope),
            status=self.status,
            duration=perf_counter() - self.started,
            size=self.sent,
            client=client[0] if client else None,
        )


class RootPathMiddleware:
    """Set the path at which the application is mounted, whether or not the proxy strips it."""

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self.app, self.root_path = app, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            scope["root_path"] = self.root_path
            # In ASGI, the path includes the root path.
            if not f"{scope['path']}/".startswith(f"{self.root_path}/"):
                scope["path"] = self.root_path + scope["path"]
                scope["raw_path"] = self.root_path.encode() + scope.get("raw_path", b"")
            elif scope["path"] == self.root_path:
                scope["path"] += "/"
                scope["raw_path"] = scope.get("raw_path", b"") + b"/"
        await self.app(scope, receive, send)
