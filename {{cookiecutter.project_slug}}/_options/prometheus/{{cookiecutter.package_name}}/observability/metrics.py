"""Prometheus metrics: the duration of requests, in one process or summed over several workers."""

import atexit
import os
from contextlib import suppress
from pathlib import Path
from secrets import compare_digest
from shutil import rmtree
from tempfile import mkdtemp

from prometheus_client import (
    CollectorRegistry,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from ..config import Settings
from ..metadata import NAME, VERSION
from .requests import RequestRecord

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
METHODS = {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"}
# A client can invent methods; each would be a time series.
OTHER_METHOD = "_OTHER"
FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class Metrics:
    """The metrics of an application."""

    def __init__(self, settings: Settings) -> None:
        token = settings.metrics_token
        self.token = token.get_secret_value() if token else None
        self.is_public = token is None and settings.environment == "development"
        self.registry = CollectorRegistry()
        self.durations = Histogram(
            "http_server_request_duration_seconds",
            "Duration of HTTP requests.",
            ["method", "route", "status"],
            registry=self.registry,
            buckets=BUCKETS,
        )
        # Metrics that are read when they are scraped, and that are the same in each worker.
        self.shared = CollectorRegistry()
        build = Gauge(
            "build_info",
            "Version of the service.",
            ["name", "version"],
            registry=self.registry,
            multiprocess_mode="max",
        )
        build.labels(NAME, VERSION).set(1)
        if FOLDER not in os.environ:
            ProcessCollector(registry=self.registry)
            PlatformCollector(registry=self.registry)

    def observe_request(self, record: RequestRecord) -> None:
        """Count a request; a WebSocket is none, and would last for as long as its client stays."""
        if record.method == "WEBSOCKET":
            return
        method = record.method if record.method in METHODS else OTHER_METHOD
        self.durations.labels(method, record.route or "", record.status).observe(record.duration)

    def is_allowed(self, authorization: str) -> bool:
        """Return whether the Authorization header of a scraper has the token."""
        if self.token is None:
            return self.is_public
        scheme, _, token = authorization.partition(" ")
        return scheme.lower() == "bearer" and compare_digest(
            token.strip().encode(), self.token.encode()
        )

    def render(self) -> bytes:
        """Return all metrics in the text format of Prometheus, those of all workers if they share a folder."""
        registry = self.registry
        if FOLDER in os.environ:
            forget_dead_processes()
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # it has no types
        return generate_latest(registry) + generate_latest(self.shared)


def share_between_workers(workers: int) -> None:
    """Have several workers of this process write to one folder, which begins empty; call it before they start.

    The folder is that of PROMETHEUS_MULTIPROC_DIR, or a temporary one.
    """
    if FOLDER in os.environ:
        folder = Path(os.environ[FOLDER])
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*.db"):
            path.unlink(missing_ok=True)
    elif workers > 1:
        os.environ[FOLDER] = mkdtemp(prefix="prometheus-")
        atexit.register(rmtree, os.environ[FOLDER], ignore_errors=True)


def forget_dead_processes() -> None:
    """Remove what killed workers have left of gauges that count live ones; their other metrics stay."""
    for path in Path(os.environ[FOLDER]).glob("gauge_live*_*.db"):
        if not is_alive(int(path.stem.rpartition("_")[2])):
            path.unlink(missing_ok=True)


def is_alive(pid: int) -> bool:
    """Return whether a process exists; one of another user does."""
    try:
        with suppress(PermissionError):
            os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
