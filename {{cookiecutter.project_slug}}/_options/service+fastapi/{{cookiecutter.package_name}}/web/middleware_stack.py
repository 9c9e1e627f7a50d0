"""The middleware stack between the server and the application."""

import logging

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from ..config import Settings
from ..observability.requests import log_request
from .middleware import RequestMiddleware, RootPathMiddleware
from .security_headers import EXPOSED_HEADERS


def init_app(app: FastAPI, settings: Settings) -> None:
    """Wrap the application in its middleware; the last one added is the outermost."""
    app.state.observers = observers = [log_request]
    # Other servers than the service's own would log each request a second time.
    logging.getLogger("uvicorn.access").addFilter(is_no_access_line)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_credentials=settings.cors_credentials,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=EXPOSED_HEADERS,
        )
    inner = [*app.user_middleware]
    app.add_middleware(RequestMiddleware, settings=settings, observers=observers, inner=inner)
    if settings.root_path:
        app.add_middleware(RootPathMiddleware, root_path=settings.root_path)


def is_no_access_line(record: logging.LogRecord) -> bool:
    """Return whether a line of the server's log is about something else than a request."""
    # uvicorn has a separate logger for requests.
    return False
