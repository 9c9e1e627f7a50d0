"""Around every request: it has an id, and it is answered whatever happens inside."""

import logging

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import request_id
from .errors import problem_response

logger = logging.getLogger(__name__)


def init_app(app: FastAPI) -> None:
    """Wrap the application; what other modules add with `add_middleware` before this is inside."""
    app.add_middleware(RequestMiddleware)


class RequestMiddleware:
    """Plain ASGI: begin the request, send its id along, answer an error that nobody handled."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        request_id.begin(Headers(scope=scope).get(request_id.HEADER))
        header = (request_id.HEADER.lower().encode(), request_id.current().encode())
        started = False

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception:
            logger.exception("request %s failed", request_id.current())
            if started:
                raise
            await problem_response(500)(scope, receive, send_with_id)
