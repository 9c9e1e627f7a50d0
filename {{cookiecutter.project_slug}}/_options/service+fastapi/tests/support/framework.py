"""Helpers of the shared tests for FastAPI."""

import asyncio
from asyncio import Barrier
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import httpx2
from click.testing import CliRunner, Result
from fastapi import APIRouter, HTTPException, Query, Request
from fastapi import FastAPI as App
from fastapi.testclient import TestClient

from {{ cookiecutter.package_name }}.cli.main import main

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

ENVIRONMENT_VARIABLES = ["FASTAPI_ENV"]


def asgi_app(app: App) -> App:
    """Return the application as the server runs it."""
    return app


def client_for(app: App, address: str = "127.0.0.1") -> httpx2.Client:
    """Return a test client with an address, which runs the lifespan while it is open."""
    return TestClient(
        app, base_url="http://localhost", client=(address, 50000), raise_server_exceptions=False
    )


def repeated_header(name: str, *values: str) -> list[tuple[str, str]]:
    """Return a header that was sent several times, as the server passes it on."""
    return [(name, value) for value in values]


def raise_conflict() -> None:
    """Raise an HTTP error with a detail; an endpoint."""
    raise HTTPException(409, "The title is taken.")


def route(app: App, path: str, function: Callable[[], object]) -> None:
    """Add an endpoint that calls a function."""
    app.add_api_route(path, function, response_model=None)


def route_body(app: App, path: str, schema: Any, **default: Any) -> None:
    """Add an endpoint that returns its body, which may have a default."""

    async def echo(body: Any) -> Any:
        return body

    echo.__defaults__ = tuple(default.values()) or None
    echo.__annotations__ = {"body": schema, "return": schema}
    app.add_api_route(path, echo, methods=["POST"], name=path)


def route_connection(app: App, path: str) -> None:
    """Add an endpoint that returns the client's address and its own URL."""

    async def read_connection(request: Request) -> dict[str, str]:
        assert request.client
        return {"client": request.client.host, "url": str(request.url_for("read_connection"))}

    app.add_api_route(path, read_connection, name="read_connection")


def route_group(app: App, prefix: str, paths: list[str], methods: list[str]) -> None:
    """Add a group `things` below a prefix: one endpoint with several paths and methods."""

    async def change_thing() -> None:
        pass

    things = APIRouter(tags=["things"])
    for path in paths:
        things.add_api_route(path, change_thing, methods=methods, status_code=204)
    version = APIRouter(prefix=prefix)
    version.include_router(things)
    app.include_router(version)


def route_query(app: App, path: str, schema: type[Any]) -> None:
    """Add an endpoint that returns its query parameters."""

    async def echo(query: Any) -> Any:
        return query

    echo.__annotations__ = {"query": Annotated[schema, Query()], "return": schema}
    app.add_api_route(path, echo, name=path)


def route_upload(app: App, path: str) -> None:
    """Add an endpoint that reads its body up to the limit of its path."""

    async def upload(request: Request) -> None:
        await request.body()

    app.add_api_route(path, upload, methods=["POST"], status_code=204)


def route_variable(app: App, path: str, schema: Any) -> None:
    """Add an endpoint that returns the path parameter `{variable}`."""

    async def echo(variable: Any) -> Any:
        return variable

    echo.__annotations__ = {"variable": schema, "return": schema}
    app.add_api_route(path, echo, name=path)


def run_command(app: App, *arguments: str) -> Result:
    """Run a command of the application."""
    return CliRunner().invoke(main, arguments, obj=app.state.settings)


async def succeed() -> None:
    """Pass a readiness check."""


async def fail() -> None:
    """Fail a readiness check."""
    raise ConnectionError("this check always fails")


def fail_with(error: Exception) -> Callable[[], Awaitable[None]]:
    """Return a readiness check that raises an error."""

    async def check() -> None:
        raise error

    return check


def fail_once() -> Callable[[], Awaitable[None]]:
    """Return a readiness check that fails on its first call only."""
    checks = [fail]

    async def check() -> None:
        if checks:
            await checks.pop()()

    return check


async def hang() -> None:
    """Never return from a readiness check."""
    await asyncio.Event().wait()
