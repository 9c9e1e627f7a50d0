"""The endpoint /metrics, for scrapers that have its token and connect by any host name or IP address."""

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ..config import Settings
from ..observability.metrics import CONTENT_TYPE, Metrics
# {% if "database" in cookiecutter.__facts %}
from ..observability.pool_metrics import observe_pool
# {% endif %}

PATH, METHODS = "/metrics", {"GET", "HEAD"}


def init_app(app: FastAPI, settings: Settings) -> None:
    """Observe the requests of the application, and serve its metrics outside of all other middleware."""
    app.state.metrics = metrics = Metrics(settings)
    app.state.observers.append(metrics.observe_request)
    # {% if "database" in cookiecutter.__facts %}
    pool = app.state.database.engine.pool
    observe_pool(pool, settings.database_pool_size, metrics.registry)
    # {% endif %}
    app.add_middleware(MetricsMiddleware, metrics=metrics)


class MetricsMiddleware:
    """Respond to scrapers, and pass all other requests on, as if there were no metrics."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH and scope["method"] in METHODS:
            authorization = Headers(scope=scope).get("Authorization", "")
            if self.metrics.is_allowed(authorization):
                content = await run_in_threadpool(self.metrics.render)
                response = Response(content, media_type=CONTENT_TYPE)
                if scope["method"] == "HEAD":
                    response.body = b""
                await response(scope, receive, send)
                return
        await self.app(scope, receive, send)
