"""What becomes of errors: a problem document, whoever raised them."""

from collections.abc import Mapping

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from .problems import MEDIA_TYPE, Problem


def init_app(app: FastAPI) -> None:
    """Answer every error that has a status with a problem."""
    app.exception_handler(HTTPException)(answer_http_error)


async def answer_http_error(request: Request, error: HTTPException) -> Response:
    """Answer with the status and the headers of the error, such as Allow."""
    if error.status_code < 400:
        return Response(status_code=error.status_code, headers=error.headers)
    return problem_response(error.status_code, str(error.detail), error.headers)


def problem_response(
    status: int, detail: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Make the response for a status that is an error."""
    content = Problem.of(status, detail).content()
    return Response(content, status_code=status, headers=headers, media_type=MEDIA_TYPE)
