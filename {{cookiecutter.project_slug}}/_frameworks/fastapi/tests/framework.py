"""What the shared tests have to know about FastAPI."""

import asyncio
from asyncio import Barrier
from collections.abc import Callable

import httpx2
from fastapi import FastAPI as App
from fastapi import HTTPException
from fastapi.testclient import TestClient

__all__ = ["App", "Barrier", "client_for", "fail", "hang", "refuse", "route", "succeed"]


def client_for(app: App) -> httpx2.Client:
    """Return a client that runs the lifespan while it is open."""
    return TestClient(app, base_url="http://localhost")


def refuse() -> None:
    """Be an endpoint that answers with an error and says why."""
    raise HTTPException(409, "The title is taken.")


def route(app: App, path: str, function: Callable[[], object]) -> None:
    """Let a path call a function."""
    app.add_api_route(path, function, response_model=None)


async def succeed() -> None:
    """Be a readiness check that passes."""


async def fail() -> None:
    """Be a readiness check that fails."""
    raise ConnectionError("the test wants this check to fail")


async def hang() -> None:
    """Be a readiness check that never returns."""
    await asyncio.Event().wait()
