"""What becomes of errors: a problem document, whoever raised them."""

from collections.abc import Mapping, Sequence
from traceback import format_exception
from typing import Any

from flask import Flask, Response
from werkzeug.exceptions import HTTPException, InternalServerError

from .dependencies import get_settings
from .operations import InvalidRequest
from .problems import MEDIA_TYPE, Problem, ProblemError


def init_app(app: Flask) -> None:
    """Answer errors that have a status, and requests that do not fit, with a problem."""
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(ProblemError, answer_problem)
    app.register_error_handler(InvalidRequest, answer_invalid_request)
    app.register_error_handler(InternalServerError, answer_unhandled_error)


def answer_http_error(error: HTTPException) -> Response:
    """Answer with the status and the headers of the error, such as Allow."""
    detail = error.description if error.description != type(error).description else None
    headers = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    return problem_response(error.code or 500, detail, headers)


def answer_problem(error: ProblemError) -> Response:
    """Answer with what the error says."""
    if error.status < 400:
        return Response(status=error.status, headers=error.headers)
    return problem_response(error.status, error.detail, error.headers, invalid=error.invalid)


def answer_invalid_request(error: InvalidRequest) -> Response:
    """Name the parts that do not fit, never what was sent in them."""
    return problem_response(422, invalid=error.errors)


def answer_unhandled_error(error: InternalServerError) -> Response:
    """Answer what nobody handled, which Flask has logged; its traceback is for debugging only."""
    cause = error.original_exception if get_settings().debug else None
    return problem_response(500, "".join(format_exception(cause)) if cause else None)


def problem_response(
    status: int,
    detail: str | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    invalid: Sequence[Any] = (),
) -> Response:
    """Make the response for a status that is an error."""
    content = Problem.of(status, detail, invalid).content()
    return Response(content, status=status, headers=headers, mimetype=MEDIA_TYPE)
