"""What the shared tests have to know about Flask."""

import threading
from threading import Barrier

import httpx2
from flask import Flask as App

__all__ = ["App", "Barrier", "client_for", "fail", "hang", "succeed"]


def client_for(app: App) -> httpx2.Client:
    """Return a client that speaks HTTP to the application, as every shared test does."""
    return httpx2.Client(transport=httpx2.WSGITransport(app), base_url="http://testserver")


def succeed() -> None:
    """Be a readiness check that passes."""


def fail() -> None:
    """Be a readiness check that fails."""
    raise ConnectionError("the test wants this check to fail")


def hang() -> None:
    """Be a readiness check that never returns."""
    threading.Event().wait()
