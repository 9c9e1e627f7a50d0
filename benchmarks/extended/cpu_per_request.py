# mypy: ignore-errors
"""Print the CPU time of a request in microseconds, in a process without a server: `cpu_per_request.py sentry|otel|none`."""

import asyncio
import io
import sys
import time

from my_service import create_app

REQUESTS = 5000
PATH = "/api/v1/about"
HEADERS = [(b"host", b"localhost"), (b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": PATH,
    "raw_path": PATH.encode(),
    "query_string": b"",
    "root_path": "",
    "client": ("127.0.0.1", 50000),
    "server": ("127.0.0.1", 8000),
}
ENVIRON = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "PATH_INFO": PATH,
    "QUERY_STRING": "",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "8000",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "127.0.0.1",
    "HTTP_HOST": "localhost",
    "HTTP_TRACEPARENT": HEADERS[1][1].decode(),
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}


def configure(tool):
    """Configure the client of the tool, which discards all that it would send."""
    if tool == "otel":
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

        class Discard(SpanExporter):
            def export(self, spans):
                return SpanExportResult.SUCCESS

        provider = TracerProvider()
        provider.add_span_processor(BatchSpanProcessor(Discard()))
        trace.set_tracer_provider(provider)


def discard_events(tool):
    """Replace the transport of the client that `create_app()` has started."""
    if tool == "sentry":
        import sentry_sdk
        from sentry_sdk.transport import Transport

        class Discard(Transport):
            def capture_envelope(self, envelope):
                pass

        sentry_sdk.get_client().transport = Discard()


async def request_asgi(app, statuses):
    """Send a request to an ASGI application."""

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        if message["type"] == "http.response.start":
            statuses.add(message["status"])

    await app({**SCOPE, "headers": list(HEADERS), "state": {}}, receive, send)


def request_wsgi(app, statuses):
    """Send a request to a WSGI application."""
    body = app(
        {**ENVIRON, "wsgi.input": io.BytesIO()}, lambda status, headers, error=None: statuses.add(int(status[:3]))
    )
    b"".join(body)
    getattr(body, "close", lambda: None)()


async def measure_asgi(app, statuses):
    """Return the CPU time of many requests."""
    for _ in range(REQUESTS // 10):
        await request_asgi(app, statuses)
    started = time.process_time()
    for _ in range(REQUESTS):
        await request_asgi(app, statuses)
    return time.process_time() - started


def measure_wsgi(app, statuses):
    """Return the CPU time of many requests."""
    for _ in range(REQUESTS // 10):
        request_wsgi(app, statuses)
    started = time.process_time()
    for _ in range(REQUESTS):
        request_wsgi(app, statuses)
    return time.process_time() - started


def main():
    tool = sys.argv[1]
    configure(tool)
    app, statuses = create_app(), set()
    discard_events(tool)
    is_flask = hasattr(app, "wsgi_app")
    seconds = measure_wsgi(app, statuses) if is_flask else asyncio.run(measure_asgi(app, statuses))
    assert statuses == {200}, statuses
    print(f"{seconds / REQUESTS * 1e6:.1f}")


main()
