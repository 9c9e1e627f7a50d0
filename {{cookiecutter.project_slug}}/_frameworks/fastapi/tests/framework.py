"""What the shared tests have to know about FastAPI."""

import asyncio
from asyncio import Barrier

import httpx2
from fastapi import FastAPI as App
from fastapi.testclient import TestClient

__all__ = ["App", "Barrier", "client_for", "fail", "hang", "succeed"]


def client_for(app: App) -> httpx2.Client:
    """Return a client that runs the lifespan while it is open."""
    return TestClient(app)


async def succeed() -> None:
    """Be a readiness check that passes."""


async def fail() -> None:
    """Be a readiness check that fails."""
    raise ConnectionError("the test wants this check to fail")


async def hang() -> None:
    """Be a readiness check that never returns."""
    await asyncio.Event().wait()
