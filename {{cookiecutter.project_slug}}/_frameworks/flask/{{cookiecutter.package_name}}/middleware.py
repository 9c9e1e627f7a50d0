"""Around every request: its id, its limits, the headers of its response, its line in the log."""

from collections.abc import Iterable, Iterator
from io import RawIOBase
from time import perf_counter
from typing import Any
from wsgiref.types import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.routing import Rule
from werkzeug.wsgi import ClosingIterator, LimitedStream

from . import request_id, traceparent
from .config import Settings
from .errors import problem_response
from .headers import SECURITY_HEADERS
from .hosts import AllowedHosts
from .logs import RequestLog
from .operations import path_template
from .problems import UNTRUSTED_HOST

SECURITY = list(SECURITY_HEADERS.items())
SECURITY_NAMES = set(SECURITY_HEADERS)


class RequestMiddleware:
    """Begin each request, refuse it or pass it on, see its response out, log it."""

    def __init__(self, app: WSGIApplication, settings: Settings) -> None:
        self.app = app
        self.log = RequestLog(settings)
        self.allowed_hosts = AllowedHosts(settings.allowed_hosts)
        self.max_body_size = settings.max_body_size

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        exchange = Exchange(environ, start_response)
        try:
            if environ.get("HTTP_HOST", "") not in self.allowed_hosts:
                body = problem_response(400, UNTRUSTED_HOST)(environ, exchange.start)
            elif exchange.content_length > self.max_body_size:
                body = problem_response(413)(environ, exchange.start)
            else:
                exchange.limit_input(self.max_body_size)
                body = self.app(environ, exchange.start)
        except BaseException:
            # A debugger wants the error, which Flask therefore did not answer.
            if self.log.is_on:
                exchange.log_to(self.log)
            raise
        if not self.log.is_on:
            return body
        # Not a generator as a whole: some servers ask for the headers before the first chunk.
        close = getattr(body, "close", lambda: None)
        return ClosingIterator(exchange.counted(body), [close, lambda: exchange.log_to(self.log)])


class Exchange:
    """One request and its response, as far as they have come."""

    __slots__ = (
        "content_length",
        "environ",
        "id",
        "route",
        "sent",
        "start_response",
        "started",
        "status",
    )

    def __init__(self, environ: WSGIEnvironment, start_response: StartResponse) -> None:
        self.started = perf_counter()
        self.environ, self.start_response = environ, start_response
        self.route: str | None = None
        self.status, self.sent = 500, 0
        length = environ.get("CONTENT_LENGTH", "")
        self.content_length = int(length) if length.isdigit() else 0
        self.id = request_id.begin(environ.get("HTTP_X_REQUEST_ID"))
        traceparent.begin(environ.get("HTTP_TRACEPARENT"))

    def limit_input(self, limit: int) -> None:
        """Have the body end where it said to, or at the limit where it did not say."""
        stream, length = self.environ["wsgi.input"], self.content_length
        limited = LimitedStream(stream, length) if length else LimitedInput(stream, limit)
        self.environ["wsgi.input"] = limited

    def start(self, status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
        """Add the headers that every response has; what the response says itself stays."""
        self.status = int(status[:3])
        # Flask forgets its request before the server is done with the response.
        rule: Rule | None = getattr(self.environ.get("werkzeug.request"), "url_rule", None)
        if rule:
            self.route = path_template(rule.rule)
        names = [name for name, _ in headers]
        added = SECURITY
        if not SECURITY_NAMES.isdisjoint(names):
            added = [header for header in SECURITY if header[0] not in names]
        headers += [*added, (request_id.HEADER, self.id)]
        return self.start_response(status, headers, *error)

    def counted(self, body: Iterable[bytes]) -> Iterator[bytes]:
        """Pass the body on."""
        for chunk in body:
            self.sent += len(chunk)
            yield chunk

    def log_to(self, log: RequestLog) -> None:
        """Write the line; servers make a 500 of a response that was never begun."""
        log.write(
            method=self.environ["REQUEST_METHOD"],
            route=self.route,
            status=self.status,
            started=self.started,
            size=self.sent,
            client=self.environ.get("REMOTE_ADDR"),
        )


class LimitedInput(RawIOBase):
    """A body of unknown length, counted as it comes; Werkzeug's own limit cuts it off in silence."""

    def __init__(self, stream: InputStream, limit: int) -> None:
        self.stream, self.left = stream, limit

    def readinto(self, buffer: Any) -> int:
        """Read what there is, for all the other ways to read; raise RequestEntityTooLarge at the limit."""
        chunk = self.stream.read(len(buffer))
        self.left -= len(chunk)
        if self.left < 0:
            raise RequestEntityTooLarge
        buffer[: len(chunk)] = chunk
        return len(chunk)


class RootPathMiddleware:
    """Tell the application where it is mounted, whether or not the proxy takes the prefix off."""

    def __init__(self, app: WSGIApplication, root_path: str) -> None:
        self.app, self.root_path = app, root_path

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["SCRIPT_NAME"] = self.root_path
        path: str = environ["PATH_INFO"]
        if f"{path}/".startswith(f"{self.root_path}/"):
            environ["PATH_INFO"] = path.removeprefix(self.root_path)
        return self.app(environ, start_response)
