"""What the shared tests have to know about Flask."""

import threading
from collections.abc import Callable
from threading import Barrier
from typing import NoReturn

import httpx2
from flask import Flask as App
from flask import abort
from flask.typing import ResponseReturnValue

__all__ = ["App", "Barrier", "client_for", "fail", "hang", "refuse", "route", "succeed"]


def client_for(app: App) -> httpx2.Client:
    """Return a client that speaks HTTP to the application, as every shared test does."""
    return httpx2.Client(transport=httpx2.WSGITransport(app), base_url="http://localhost")


def refuse() -> NoReturn:
    """Be an endpoint that answers with an error and says why."""
    abort(409, "The title is taken.")


def route(app: App, path: str, function: Callable[[], ResponseReturnValue]) -> None:
    """Let a path call a function."""
    app.add_url_rule(path, view_func=function)


def succeed() -> None:
    """Be a readiness check that passes."""


def fail() -> None:
    """Be a readiness check that fails."""
    raise ConnectionError("the test wants this check to fail")


def hang() -> None:
    """Be a readiness check that never returns."""
    threading.Event().wait()
