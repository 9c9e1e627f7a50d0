"""What the shared tests have to know about FastAPI."""

import asyncio
from asyncio import Barrier
from collections.abc import Callable
from typing import Annotated, Any

import httpx2
from click.testing import CliRunner, Result
from fastapi import FastAPI as App
from fastapi import HTTPException, Query, Request
from fastapi.testclient import TestClient

from {{ cookiecutter.package_name }}.cli.main import main

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

ENVIRONMENT_VARIABLES = ["FASTAPI_ENV"]


def client_for(app: App, address: str = "127.0.0.1") -> httpx2.Client:
    """Return a client that runs the lifespan while it is open, and speaks from an address."""
    return TestClient(
        app, base_url="http://localhost", client=(address, 50000), raise_server_exceptions=False
    )


def repeated(name: str, *values: str) -> list[tuple[str, str]]:
    """Return a header that is sent more than once, as servers pass it on."""
    return [(name, value) for value in values]


def refuse() -> None:
    """Be an endpoint that answers with an error and says why."""
    raise HTTPException(409, "The title is taken.")


def route(app: App, path: str, function: Callable[[], object]) -> None:
    """Let a path call a function."""
    app.add_api_route(path, function, response_model=None)


def route_body(app: App, path: str, schema: Any, **default: Any) -> None:
    """Let a path take a body, which may have a default, and send it back."""

    async def echo(body: Any) -> Any:
        return body

    echo.__defaults__ = tuple(default.values()) or None
    echo.__annotations__ = {"body": schema, "return": schema}
    app.add_api_route(path, echo, methods=["POST"], name=path)


def route_connection(app: App, path: str) -> None:
    """Let a path return the address of the client, and its own URL."""

    async def read_connection(request: Request) -> dict[str, str]:
        assert request.client
        return {"client": request.client.host, "url": str(request.url_for("read_connection"))}

    app.add_api_route(path, read_connection, name="read_connection")


def route_query(app: App, path: str, schema: type[Any]) -> None:
    """Let a path take a query, and send it back."""

    async def echo(query: Any) -> Any:
        return query

    echo.__annotations__ = {"query": Annotated[schema, Query()], "return": schema}
    app.add_api_route(path, echo, name=path)


def route_variable(app: App, path: str, schema: type[Any]) -> None:
    """Let a path with `{variable}` in it send the variable back."""

    async def echo(variable: Any) -> Any:
        return variable

    echo.__annotations__ = {"variable": schema, "return": schema}
    app.add_api_route(path, echo, name=path)


def run_command(app: App, *arguments: str) -> Result:
    """Run a command that hangs on the application."""
    return CliRunner().invoke(main, arguments, obj=app.state.settings)


async def succeed() -> None:
    """Be a readiness check that passes."""


async def fail() -> None:
    """Be a readiness check that fails."""
    raise ConnectionError("the test wants this check to fail")


async def hang() -> None:
    """Be a readiness check that never returns."""
    await asyncio.Event().wait()
