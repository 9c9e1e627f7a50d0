"""What the shared tests have to know about Flask."""

import threading
from collections.abc import Callable
from threading import Barrier
from typing import Any, NoReturn

import httpx2
from click.testing import Result
from flask import Flask as App
from flask import abort, request, url_for
from flask.typing import ResponseReturnValue

from {{ cookiecutter.package_name }}.web import operations

__all__ = [
    "ENVIRONMENT_VARIABLES",
    "App",
    "Barrier",
    "client_for",
    "fail",
    "hang",
    "refuse",
    "repeated",
    "route",
    "route_body",
    "route_connection",
    "route_query",
    "route_variable",
    "run_command",
    "succeed",
]

ENVIRONMENT_VARIABLES = ["FLASK_DEBUG"]


def client_for(app: App, address: str = "127.0.0.1") -> httpx2.Client:
    """Return a client that speaks HTTP to the application, from an address."""
    transport = httpx2.WSGITransport(app, remote_addr=address)
    return httpx2.Client(transport=transport, base_url="http://localhost")


def repeated(name: str, *values: str) -> list[tuple[str, str]]:
    """Return a header that is sent more than once, as servers pass it on."""
    return [(name, ",".join(values))]


def refuse() -> NoReturn:
    """Be an endpoint that answers with an error and says why."""
    abort(409, "The title is taken.")


def route(app: App, path: str, function: Callable[[], ResponseReturnValue]) -> None:
    """Let a path call a function."""
    app.add_url_rule(path, view_func=function)


def route_body(app: App, path: str, schema: Any, **default: Any) -> None:
    """Let a path take a body, which may have a default, and send it back."""

    def echo(body: Any) -> Any:
        return body

    echo.__defaults__ = tuple(default.values()) or None
    echo.__annotations__ = {"body": schema, "return": schema}
    app.add_url_rule(path, path, operation(app, echo), methods=["POST"])


def route_connection(app: App, path: str) -> None:
    """Let a path return the address of the client, and its own URL."""

    def read_connection() -> dict[str, str | None]:
        return {
            "client": request.remote_addr,
            "url": url_for("read_connection", _external=True),
        }

    app.add_url_rule(path, view_func=read_connection)


def route_query(app: App, path: str, schema: type[Any]) -> None:
    """Let a path take a query, and send it back."""

    def echo(query: Any) -> Any:
        return query

    echo.__annotations__ = {"query": schema, "return": schema}
    app.add_url_rule(path, path, operation(app, echo))


def route_variable(app: App, path: str, schema: type[Any]) -> None:
    """Let a path with `{variable}` in it send the variable back."""

    def echo(variable: Any) -> Any:
        return variable

    echo.__annotations__ = {"variable": schema, "return": schema}
    app.add_url_rule(path.replace("{variable}", "<variable>"), path, operation(app, echo))


def operation(app: App, view: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """Make an operation of a view."""
    return operations.operation(**options)(view)


def run_command(app: App, *arguments: str) -> Result:
    """Run a command that hangs on the application."""
    return app.test_cli_runner().invoke(args=arguments)


def succeed() -> None:
    """Be a readiness check that passes."""


def fail() -> None:
    """Be a readiness check that fails."""
    raise ConnectionError("the test wants this check to fail")


def hang() -> None:
    """Be a readiness check that never returns."""
    threading.Event().wait()
