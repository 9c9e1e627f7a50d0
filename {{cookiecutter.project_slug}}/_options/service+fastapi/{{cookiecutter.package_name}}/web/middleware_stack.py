"""The middleware stack between the server and the application."""

import logging
from traceback import format_exc
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from ..config import Settings
from ..observability.requests import log_request
from .error_handlers import problem_response
from .middleware import RequestMiddleware, RootPathMiddleware
from .security_headers import EXPOSED_HEADERS


def init_app(app: FastAPI, settings: Settings) -> None:
    """Wrap the application in its middleware; the last one added is the outermost."""
    app.state.observers = observers = [log_request]
    # Other servers than the service's own would log each request a second time.
    logging.getLogger("uvicorn.access").disabled = True

    async def answer_unhandled_error(scope: Scope, receive: Receive, send: Send) -> None:
        detail = format_exc() if settings.debug else None
        await problem_response(500, detail)(scope, receive, send)

    error_app: ASGIApp = answer_unhandled_error
    if settings.cors_origins:
        options: dict[str, Any] = {
            "allow_origins": settings.cors_origins,
            "allow_credentials": settings.cors_credentials,
            "allow_methods": ["*"],
            "allow_headers": ["*"],
            "expose_headers": EXPOSED_HEADERS,
        }
        app.add_middleware(CORSMiddleware, **options)
        # Pages of other origins can read error responses too.
        error_app = CORSMiddleware(error_app, **options)
    app.add_middleware(
        RequestMiddleware, settings=settings, observers=observers, error_app=error_app
    )
    if settings.root_path:
        app.add_middleware(RootPathMiddleware, root_path=settings.root_path)
