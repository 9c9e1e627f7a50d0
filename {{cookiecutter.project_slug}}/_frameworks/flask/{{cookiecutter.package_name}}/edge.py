"""Around every request: it has an id, and it is answered whatever happens inside."""

from flask import Flask, Response, request

from . import request_id


def init_app(app: Flask) -> None:
    """Begin before every view and finish every response; Flask itself answers errors nobody handled."""
    app.before_request(begin_request)
    app.after_request(finish_response)


def begin_request() -> None:
    """Take or make the request's id."""
    request_id.begin(request.headers.get(request_id.HEADER))


def finish_response(response: Response) -> Response:
    """Send the id along."""
    response.headers[request_id.HEADER] = request_id.current()
    return response
