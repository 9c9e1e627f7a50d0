"""Exception handlers: every error becomes an application/problem+json response."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import (
    RequestValidationError,
    ResponseValidationError,
    WebSocketRequestValidationError,
)
from fastapi.requests import HTTPConnection
from starlette.exceptions import HTTPException
from starlette.routing import Match

from .problems import (
    MALFORMED_JSON,
    MEDIA_TYPE,
    NOT_JSON,
    Problem,
    ProblemError,
    locate,
    message_of,
)

logger = logging.getLogger(__name__)

METHODS = ["DELETE", "GET", "PATCH", "POST", "PUT"]


def init_app(app: FastAPI) -> None:
    """Register the exception handlers."""
    app.exception_handler(HTTPException)(handle_http_error)
    app.exception_handler(ProblemError)(handle_problem)
    app.exception_handler(RequestValidationError)(handle_invalid_request)
    app.exception_handler(WebSocketRequestValidationError)(handle_invalid_handshake)
    app.exception_handler(ResponseValidationError)(handle_invalid_response)


async def handle_http_error(request: Request, error: HTTPException) -> Response:
    """Respond with the status and the headers of the error, for example Allow."""
    status, headers = error.status_code, error.headers
    if status == 405 and (allowed := allowed_methods(request)):
        headers = {**(headers or {}), "Allow": ", ".join(allowed)}
        if request.method == "OPTIONS":
            status = 200
    if status < 400:
        return Response(status_code=status, headers=headers)
    # FastAPI allows any JSON as the detail; that of a problem is text.
    detail = error.detail if isinstance(error.detail, str) else None
    return problem_response(status, detail, headers)


async def handle_problem(request: Request, error: ProblemError) -> Response:
    """Respond with the status, the detail and the headers of the error."""
    if error.status < 400:
        return Response(status_code=error.status, headers=error.headers)
    return problem_response(
        error.status,
        error.detail,
        error.headers,
        invalid=error.invalid,
        extensions=error.extensions,
    )


async def handle_invalid_request(request: Request, error: RequestValidationError) -> Response:
    """Respond with the invalid parts of the request, without the values that were sent."""
    errors = error.errors()
    if any(each["type"] == "json_invalid" for each in errors):
        return problem_response(400, MALFORMED_JSON)
    if isinstance(error.body, bytes):
        # FastAPI decodes JSON only, and validates a body of another media type as bytes.
        return problem_response(415, NOT_JSON)
    return problem_response(422, invalid=locate(errors, error.body))


async def handle_invalid_handshake(
    connection: HTTPConnection, error: WebSocketRequestValidationError
) -> Response:
    """Respond with the invalid parts of the handshake; FastAPI would close the WebSocket without details."""
    return problem_response(422, invalid=locate(error.errors(), None))


async def handle_invalid_response(request: Request, error: ResponseValidationError) -> Response:
    """Log the invalid parts of the response, without its data, which the error itself contains."""
    errors = [(each["loc"], message_of(each)) for each in error.errors()]
    logger.error("the response does not match its schema: %s", errors)
    return problem_response(500)


def problem_response(
    status: int,
    detail: str | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    invalid: Sequence[Any] = (),
    extensions: Mapping[str, str] | None = None,
) -> Response:
    """Return the response for an error status."""
    content = Problem.of(status, detail, invalid, extensions).content()
    return Response(content, status_code=status, headers=headers, media_type=MEDIA_TYPE)


def allowed_methods(request: Request) -> list[str]:
    """Return the methods of all routes of a path; FastAPI sends only those of the first one.

    Returns none if a route accepts the method: a mounted application that rejects it sends its own Allow header.
    """
    scope = {**request.scope}
    if scope["router"] is request.app.router:
        # A matching mount has appended its path.
        scope["root_path"] = scope.get("app_root_path", scope.get("root_path", ""))
    allowed = {
        method
        for method in [*METHODS, request.method]
        for route in request.app.routes
        if route.matches({**scope, "method": method})[0] is Match.FULL
    }
    if request.method in allowed or not allowed:
        return []
    return sorted(allowed | {"OPTIONS"} | ({"HEAD"} if "GET" in allowed else set()))
