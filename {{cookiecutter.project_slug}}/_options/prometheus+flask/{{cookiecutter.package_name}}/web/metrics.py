"""The endpoint /metrics, for scrapers that have its token and connect by any host name or IP address."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask
from werkzeug.wrappers import Response

from ..config import Settings
from ..observability.metrics import CONTENT_TYPE, Metrics
# {% if "database" in cookiecutter.__facts %}
from ..observability.pool_metrics import observe_pool
# {% endif %}

PATH, METHODS = "/metrics", {"GET", "HEAD"}


def init_app(app: Flask, settings: Settings) -> None:
    """Observe the requests of the application, and serve its metrics outside of all other middleware."""
    app.extensions["metrics"] = metrics = Metrics(settings)
    app.extensions["observers"].append(metrics.observe_request)
    # {% if "database" in cookiecutter.__facts %}
    pool = app.extensions["database"].engine.pool
    observe_pool(pool, settings.database_pool_size, metrics.registry)
    # {% endif %}
    wsgi_app = MetricsMiddleware(app.wsgi_app, metrics)
    app.wsgi_app = wsgi_app  # type: ignore[method-assign]  # as Flask documents it


class MetricsMiddleware:
    """Respond to scrapers, and pass all other requests on, as if there were no metrics."""

    def __init__(self, app: WSGIApplication, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == PATH and environ["REQUEST_METHOD"] in METHODS:
            authorization: str = environ.get("HTTP_AUTHORIZATION", "")
            if self.metrics.is_allowed(authorization):
                response = Response(self.metrics.render(), content_type=CONTENT_TYPE)
                return response(environ, start_response)
        return self.app(environ, start_response)
