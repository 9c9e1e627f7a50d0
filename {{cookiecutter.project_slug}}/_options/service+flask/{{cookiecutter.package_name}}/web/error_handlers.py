"""Exception handlers: every error becomes an application/problem+json response."""

from collections.abc import Mapping, Sequence
from traceback import format_exception
from typing import Any

from flask import Flask, Response
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response as BaseResponse

from .dependencies import get_settings
from .operations import InvalidRequest
from .problems import MEDIA_TYPE, Problem, ProblemError, locate


def init_app(app: Flask) -> None:
    """Register the exception handlers."""
    app.register_error_handler(HTTPException, handle_http_error)
    app.register_error_handler(ProblemError, handle_problem)
    app.register_error_handler(InvalidRequest, handle_invalid_request)
    app.register_error_handler(InternalServerError, handle_unhandled_error)


def handle_http_error(error: HTTPException) -> BaseResponse:
    """Respond with the status and the headers of the error, for example Allow."""
    if error.response:
        return error.get_response()
    own, default = error.description, type(error).description
    detail = own if isinstance(own, str) and own != default else None
    headers = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    return problem_response(error.code or 500, detail, headers)


def handle_problem(error: ProblemError) -> Response:
    """Respond with the status, the detail and the headers of the error."""
    if error.status < 400:
        return Response(status=error.status, headers=error.headers)
    return problem_response(
        error.status,
        error.detail,
        error.headers,
        invalid=error.invalid,
        extensions=error.extensions,
    )


def handle_invalid_request(error: InvalidRequest) -> Response:
    """Respond with the invalid parts of the request, without the values that were sent."""
    return problem_response(422, invalid=locate(error.errors, error.body))


def handle_unhandled_error(error: InternalServerError) -> Response:
    """Respond 500 to an unhandled exception, which Flask has logged; in debug mode, include the traceback."""
    cause = error.original_exception if get_settings().debug else None
    return problem_response(500, "".join(format_exception(cause)) if cause else None)


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
    return Response(content, status=status, headers=headers, mimetype=MEDIA_TYPE)
