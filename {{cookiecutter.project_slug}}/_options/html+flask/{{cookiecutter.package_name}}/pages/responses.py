"""Responses of pages: their headers, and pages in place of problem documents."""

from wsgiref.types import WSGIEnvironment

from flask import Flask, Response, json, render_template, request

from ..web.problems import MEDIA_TYPE
from .negotiation import UNSTORED_HEADERS, accepts_pages, is_page_path, page_headers


def init_app(app: Flask) -> None:
    """Complete the responses of the application, and those of its middleware."""

    def complete_outside(environ: WSGIEnvironment, response: Response) -> None:
        with app.request_context(environ):
            complete(response)

    app.after_request(complete)
    app.extensions["completed_by"] = [complete_outside]


def complete(response: Response) -> Response:
    """Add the headers of pages, and respond to browsers with a page in place of a problem document."""
    if not is_page_path(request.path):
        return response
    if response.mimetype == MEDIA_TYPE and accepts_pages(request.headers.get("Accept", "")):
        problem = json.loads(response.get_data())
        response.set_data(render_template("error.html", problem=problem))
        response.content_type = "text/html; charset=utf-8"
        response.headers.update(UNSTORED_HEADERS)
    elif response.mimetype == "text/html":
        for name, value in page_headers(request.path).items():
            response.headers.setdefault(name, value)
    return response
