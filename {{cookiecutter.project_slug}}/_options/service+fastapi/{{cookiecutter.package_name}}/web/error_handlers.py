"""What becomes of errors: a problem document, whoever raised them."""

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

from .problems import MALFORMED_JSON, MEDIA_TYPE, Problem, ProblemError, message_of

logger = logging.getLogger(__name__)

METHODS = ["DELETE", "GET", "PATCH", "POST", "PUT"]


def init_app(app: FastAPI) -> None:
    """Answer errors that have a status, and requests that do not fit, with a problem."""
    app.exception_handler(HTTPException)(answer_http_error)
    app.exception_handler(ProblemError)(answer_problem)
    app.exception_handler(RequestValidationError)(answer_invalid_request)
    app.exception_handler(WebSocketRequestValidationError)(answer_invalid_handshake)
    app.exception_handler(ResponseValidationError)(answer_invalid_response)


async def answer_http_error(request: Request, error: HTTPException) -> Response:
    """Answer with the status and the headers of the error, such as Allow."""
    status, headers = error.status_code, error.headers
    if status == 405 and (allowed := allowed_methods(request)):
        headers = {**(headers or {}), "Allow": ", ".join(allowed)}
        if request.method == "OPTIONS":
            status = 200
    if status < 400:
        return Response(status_code=status, headers=headers)
    return problem_response(status, str(error.detail), headers)


async def answer_problem(request: Request, error: ProblemError) -> Response:
    """Answer with what the error says."""
    if error.status < 400:
        return Response(status_code=error.status, headers=error.headers)
    return problem_response(error.status, error.detail, error.headers, invalid=error.invalid)


async def answer_invalid_request(request: Request, error: RequestValidationError) -> Response:
    """Name the parts that do not fit, never what was sent in them."""
    errors = error.errors()
    if any(each["type"] == "json_invalid" for each in errors):
        return problem_response(400, MALFORMED_JSON)
    if isinstance(error.body, bytes):
        # Only JSON is decoded; FastAPI takes a body of another type as it came.
        return problem_response(415)
    return problem_response(422, invalid=errors)


async def answer_invalid_handshake(
    connection: HTTPConnection, error: WebSocketRequestValidationError
) -> Response:
    """Name the parts that do not fit; FastAPI by itself would close the WebSocket without a word."""
    return problem_response(422, invalid=error.errors())


async def answer_invalid_response(request: Request, error: ResponseValidationError) -> Response:
    """Log which parts do not fit, without the data, which the error itself would show."""
    errors = [(each["loc"], message_of(each)) for each in error.errors()]
    logger.error("the response does not fit its schema: %s", errors)
    return problem_response(500)


def problem_response(
    status: int,
    detail: str | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    invalid: Sequence[Any] = (),
) -> Response:
    """Make the response for a status that is an error."""
    content = Problem.of(status, detail, invalid).content()
    return Response(content, status_code=status, headers=headers, media_type=MEDIA_TYPE)


def allowed_methods(request: Request) -> list[str]:
    """Return the methods of all routes of a path; FastAPI by itself names those of the first.

    There are none if a route accepts the method: a mounted application that rejects it sends its own.
    """
    scope = {**request.scope}
    if scope["router"] is request.app.router:
        # A mount that matches adds its path.
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
