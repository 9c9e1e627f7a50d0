"""The middleware stack between the server and the application."""

import logging
import re
from collections.abc import Callable
from functools import partial
from typing import Any
from wsgiref.types import WSGIApplication, WSGIEnvironment

from flask import Flask, Response
from flask_cors import CORS
from flask_cors.core import CorsOptionsInput, get_cors_headers, get_cors_options
from werkzeug.datastructures import EnvironHeaders, MultiDict

from ..config import Settings
from ..observability.requests import log_request
from .middleware import Complete, LimitedRequest, RequestMiddleware, RootPathMiddleware
from .security_headers import EXPOSED_HEADERS

# Returns the headers of CORS for the headers of a request and its method.
CorsHeaders = Callable[[EnvironHeaders, str], MultiDict[str, Any]]


def init_app(app: Flask, settings: Settings) -> None:
    """Wrap the application in its middleware; the last one added is the outermost."""
    app.extensions["observers"] = observers = [log_request]
    app.request_class = LimitedRequest
    # The server of `flask run` would log each request a second time.
    logging.getLogger("werkzeug").addFilter(is_no_access_line)
    completed_by: list[Complete] = [*app.extensions.get("completed_by", ())]
    if settings.cors_origins:
        options: CorsOptionsInput = {
            "origins": [literal(origin) for origin in settings.cors_origins],
            "send_wildcard": "*" in settings.cors_origins,
            "supports_credentials": settings.cors_credentials,
            "expose_headers": EXPOSED_HEADERS,
            "max_age": 600,
        }
        CORS(app, **options)
        cors_headers = partial(get_cors_headers, get_cors_options(app, options))
        completed_by.append(partial(add_cors_headers, cors_headers))
    wsgi_app: WSGIApplication = RequestMiddleware(app.wsgi_app, settings, observers, completed_by)
    if settings.root_path:
        wsgi_app = RootPathMiddleware(wsgi_app, settings.root_path)
    app.wsgi_app = wsgi_app  # type: ignore[assignment,method-assign]  # as Flask documents it


def add_cors_headers(
    cors_headers: CorsHeaders, environ: WSGIEnvironment, response: Response
) -> None:
    """Let pages of other origins read a response that the application has not seen."""
    # Not as OPTIONS: the response is not that to a preflight.
    headers = cors_headers(EnvironHeaders(environ), "GET")
    response.headers.extend(headers.items())


def is_no_access_line(record: logging.LogRecord) -> bool:
    """Return whether a line of the server's log is about something else than a request."""
    return not re.match(r"\S+ - - \[", record.getMessage())


def literal(origin: str) -> str | re.Pattern[str]:
    """Return an origin for Flask-CORS, which treats one with brackets as a pattern."""
    return re.compile(re.escape(origin) + r"\Z") if "[" in origin else origin
