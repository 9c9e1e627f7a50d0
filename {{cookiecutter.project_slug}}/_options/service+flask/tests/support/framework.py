"""Helpers of the shared tests for Flask."""

import threading
from collections.abc import Callable
from threading import Barrier
from typing import Any, NoReturn

import httpx2
from click.testing import Result
from flask import Blueprint, abort, request, url_for
from flask import Flask as App
from flask.typing import ResponseReturnValue

from {{ cookiecutter.package_name }}.cli.wsgi_to_asgi import WsgiToAsgi
from {{ cookiecutter.package_name }}.web import operations

__all__ = [
    "ENVIRONMENT_VARIABLES",
    "App",
    "Barrier",
    "asgi_app",
    "client_for",
    "fail",
    "fail_once",
    "fail_with",
    "hang",
    "raise_conflict",
    "repeated_header",
    "route",
    "route_body",
    "route_connection",
    "route_group",
    "route_query",
    "route_upload",
    "route_variable",
    "run_command",
    "succeed",
]

ENVIRONMENT_VARIABLES = ["FLASK_DEBUG"]


def asgi_app(app: App) -> WsgiToAsgi:
    """Return the application as the server runs it."""
    return WsgiToAsgi(app, threads=2, body_limit=lambda path: 100_000)


def client_for(app: App, address: str = "127.0.0.1") -> httpx2.Client:
    """Return a test client with an address."""
    transport = httpx2.WSGITransport(app, remote_addr=address)
    return httpx2.Client(transport=transport, base_url="http://localhost")


def repeated_header(name: str, *values: str) -> list[tuple[str, str]]:
    """Return a header that was sent several times, as the server passes it on."""
    return [(name, ",".join(values))]


def raise_conflict() -> NoReturn:
    """Raise an HTTP error with a detail; an endpoint."""
    abort(409, "The title is taken.")


def route(app: App, path: str, function: Callable[[], ResponseReturnValue]) -> None:
    """Add an endpoint that calls a function."""
    app.add_url_rule(path, view_func=function)


def route_body(app: App, path: str, schema: Any, **default: Any) -> None:
    """Add an endpoint that returns its body, which may have a default."""

    def echo(body: Any) -> Any:
        return body

    echo.__defaults__ = tuple(default.values()) or None
    echo.__annotations__ = {"body": schema, "return": schema}
    app.add_url_rule(path, path, operation(app, echo), methods=["POST"])


def route_connection(app: App, path: str) -> None:
    """Add an endpoint that returns the client's address and its own URL."""

    def read_connection() -> dict[str, str | None]:
        return {
            "client": request.remote_addr,
            "url": url_for("read_connection", _external=True),
        }

    app.add_url_rule(path, view_func=read_connection)


def route_group(app: App, prefix: str, paths: list[str], methods: list[str]) -> None:
    """Add a group `things` below a prefix: one endpoint with several paths and methods."""

    def change_thing() -> None:
        pass

    things = Blueprint("things", __name__)
    view = operation(app, change_thing, status=204)
    for path in paths:
        things.add_url_rule(path, view_func=view, methods=methods)
    version = Blueprint(prefix.strip("/"), __name__, url_prefix=prefix)
    version.register_blueprint(things)
    app.register_blueprint(version)


def route_query(app: App, path: str, schema: type[Any]) -> None:
    """Add an endpoint that returns its query parameters."""

    def echo(query: Any) -> Any:
        return query

    echo.__annotations__ = {"query": schema, "return": schema}
    app.add_url_rule(path, path, operation(app, echo))


def route_upload(app: App, path: str) -> None:
    """Add an endpoint that reads its body up to the limit of its path."""

    def upload() -> tuple[str, int]:
        # By default, MAX_CONTENT_LENGTH limits what a view reads.
        request.max_content_length = 1_000_000
        request.get_data()
        return "", 204

    app.add_url_rule(path, view_func=upload, methods=["POST"])


def route_variable(app: App, path: str, schema: Any) -> None:
    """Add an endpoint that returns the path parameter `{variable}`."""

    def echo(variable: Any) -> Any:
        return variable

    echo.__annotations__ = {"variable": schema, "return": schema}
    app.add_url_rule(path.replace("{variable}", "<variable>"), path, operation(app, echo))


def operation(app: App, view: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """Decorate a view as an operation."""
    return operations.operation(**options)(view)


def run_command(app: App, *arguments: str) -> Result:
    """Run a command of the application."""
    return app.test_cli_runner().invoke(args=arguments)


def succeed() -> None:
    """Pass a readiness check."""


def fail() -> None:
    """Fail a readiness check."""
    raise ConnectionError("this check always fails")


def fail_with(error: Exception) -> Callable[[], None]:
    """Return a readiness check that raises an error."""

    def check() -> None:
        raise error

    return check


def fail_once() -> Callable[[], None]:
    """Return a readiness check that fails on its first call only."""
    checks = [fail]

    def check() -> None:
        if checks:
            checks.pop()()

    return check


def hang() -> None:
    """Never return from a readiness check."""
    threading.Event().wait()
