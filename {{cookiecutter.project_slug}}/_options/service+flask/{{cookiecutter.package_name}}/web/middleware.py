"""The middleware of every request: its id, its limits, the headers of its response, its record."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from io import RawIOBase
from time import perf_counter
from typing import IO, Any, cast
from wsgiref.types import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

from flask import Request, Response
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.routing import Rule
from werkzeug.utils import cached_property
from werkzeug.wsgi import ClosingIterator, LimitedStream

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
from .operations import path_template
from .problems import UNTRUSTED_HOST
from .security_headers import security_headers
from .trusted_proxies import TrustedProxies

Headers = list[tuple[str, str]]
# Completes a response that the application has not seen.
Complete = Callable[[WSGIEnvironment, Response], None]


class RequestMiddleware:
    """Begin each request, reject it or pass it on, complete its response, and report it."""

    def __init__(
        self,
        app: WSGIApplication,
        settings: Settings,
        observers: Sequence[Observer],
        completed_by: Sequence[Complete],
    ) -> None:
        self.app, self.observers, self.completed_by = app, observers, completed_by
        self.allowed_hosts = AllowedHosts(settings.allowed_hosts)
        self.proxies = TrustedProxies(settings.trusted_proxies)
        self.security = {
            scheme: list(headers.items()) for scheme, headers in security_headers(settings).items()
        }
        self.body_limit = settings.body_limit

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        apply_proxy_headers(environ, self.proxies)
        security = self.security["https" if environ["wsgi.url_scheme"] == "https" else "http"]
        exchange = Exchange(environ, start_response, security)
        limit = self.body_limit(environ["PATH_INFO"])
        try:
            if exchange.is_disconnected():
                # The body is incomplete.
                body = Response(status=CLIENT_CLOSED_REQUEST)(environ, exchange.start)
            elif environ.get("HTTP_HOST", "") not in self.allowed_hosts:
                body = self.respond(exchange, 400, UNTRUSTED_HOST)
            elif exchange.content_length > limit:
                body = self.respond(exchange, 413)
            else:
                exchange.limit_input(limit)
                body = self.app(environ, exchange.start)
        except BaseException:
            # Flask raises errors for a debugger instead of handling them.
            self.report(exchange.record())
            raise
        # Not a generator as a whole: some servers ask for the headers before the first chunk.
        close = getattr(body, "close", lambda: None)
        return ClosingIterator(
            exchange.counted(body), [close, lambda: self.report(exchange.record())]
        )

    def respond(
        self, exchange: "Exchange", status: int, detail: str | None = None
    ) -> Iterable[bytes]:
        """Respond with a problem, as complete as other responses: pages of other origins can read it."""
        response = problem_response(status, detail)
        for complete in self.completed_by:
            complete(exchange.environ, response)
        return response(exchange.environ, exchange.start)

    def report(self, record: RequestRecord) -> None:
        """Pass the record of a request that has ended to all observers."""
        for observe in self.observers:
            observe(record)


def apply_proxy_headers(environ: WSGIEnvironment, proxies: TrustedProxies) -> None:
    """Set the client and the scheme that trusted proxies report."""
    environ["REMOTE_ADDR"], environ["wsgi.url_scheme"] = proxies.resolve(
        environ.get("REMOTE_ADDR", ""),
        environ["wsgi.url_scheme"],
        environ.get("HTTP_X_FORWARDED_FOR", ""),
        environ.get("HTTP_X_FORWARDED_PROTO", ""),
    )


def with_common_headers(headers: Headers, security: Headers, identifier: str) -> Headers:
    """Return the headers of a response, with those of every response that it does not set itself."""
    names = {name.lower() for name, _ in headers}
    added = [header for header in security if header[0].lower() not in names]
    return [*headers, *added, (context.REQUEST_ID_HEADER, identifier)]


class Exchange:
    """The state of a request and its response."""

    __slots__ = (
        "content_length",
        "environ",
        "id",
        "route",
        "security",
        "sent",
        "start_response",
        "started",
        "status",
    )

    def __init__(
        self, environ: WSGIEnvironment, start_response: StartResponse, security: Headers
    ) -> None:
        self.started = perf_counter()
        self.security = security
        self.environ, self.start_response = environ, start_response
        self.route: str | None = None
        self.status, self.sent = 500, 0
        length = environ.get("CONTENT_LENGTH", "")
        # Python rejects numbers with thousands of digits, and treats "²" as a digit.
        self.content_length = int(length[:20]) if length.isdecimal() else 0
        self.id = context.begin(environ.get("HTTP_X_REQUEST_ID"), environ.get("HTTP_TRACEPARENT"))

    def limit_input(self, limit: int) -> None:
        """Limit the body to its Content-Length, or to the maximum if there is none."""
        stream, length = self.environ["wsgi.input"], self.content_length
        limited = LimitedStream(stream, length) if length else LimitedInput(stream, limit)
        self.environ["wsgi.input"] = limited

    def start(self, status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
        """Add the headers of every response, and send the message."""
        self.status = CLIENT_CLOSED_REQUEST if self.is_disconnected() else int(status[:3])
        # Flask releases the request before the server has sent the response.
        rule: Rule | None = getattr(self.environ.get("werkzeug.request"), "url_rule", None)
        if rule:
            self.route = path_template(rule.rule)
        headers = with_common_headers(headers, self.security, self.id)
        return self.start_response(status, headers, *error)

    def is_disconnected(self) -> bool:
        """Return whether the client has disconnected; the server then discards the response."""
        return DISCONNECTED in self.environ.get("server.scope", ())

    def counted(self, body: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the body and count its bytes."""
        for chunk in body:
            self.sent += len(chunk)
            yield chunk

    def record(self) -> RequestRecord:
        """Return the record of the request; servers respond 500 if the application began no response."""
        return RequestRecord(
            method=self.environ["REQUEST_METHOD"],
            route=self.route,
            status=self.status,
            duration=perf_counter() - self.started,
            size=self.sent,
            client=self.environ["REMOTE_ADDR"] or None,
        )


class LimitedInput(RawIOBase):
    """A body of unknown length, counted as it arrives; Werkzeug's own limit truncates it silently."""

    def __init__(self, stream: InputStream, limit: int) -> None:
        self.stream, self.left = stream, limit

    def readinto(self, buffer: Any) -> int:
        """Read available bytes; raise RequestEntityTooLarge beyond the limit."""
        chunk = self.stream.read(len(buffer))
        self.left -= len(chunk)
        if self.left < 0:
            raise RequestEntityTooLarge
        buffer[: len(chunk)] = chunk
        return len(chunk)


class LimitedRequest(Request):
    """A request with a limit that Werkzeug applies too early, or not at all to a body without Content-Length."""

    @cached_property
    def stream(self) -> IO[bytes]:
        """The body."""
        stream, limit = super().stream, self.max_content_length
        if isinstance(stream, LimitedStream) and limit is not None:
            return cast(IO[bytes], LimitedInput(self.environ["wsgi.input"], limit))
        return stream


class RootPathMiddleware:
    """Set the path at which the application is mounted, whether or not the proxy strips it."""

    def __init__(self, app: WSGIApplication, root_path: str) -> None:
        self.app, self.root_path = app, root_path

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["SCRIPT_NAME"] = self.root_path
        path: str = environ["PATH_INFO"]
        if f"{path}/".startswith(f"{self.root_path}/"):
            environ["PATH_INFO"] = path.removeprefix(self.root_path) or "/"
        return self.app(environ, start_response)
