"""What becomes of errors: a problem document, whoever raised them."""

from collections.abc import Mapping

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from .problems import MEDIA_TYPE, Problem


def init_app(app: Flask) -> None:
    """Answer every error that has a status with a problem."""
    app.register_error_handler(HTTPException, answer_http_error)


def answer_http_error(error: HTTPException) -> Response:
    """Answer with the status and the headers of the error, such as Allow."""
    detail = error.description if error.description != type(error).description else None
    headers = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    return problem_response(error.code or 500, detail, headers)


def problem_response(
    status: int, detail: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Make the response for a status that is an error."""
    content = Problem.of(status, detail).content()
    return Response(content, status=status, headers=headers, mimetype=MEDIA_TYPE)
