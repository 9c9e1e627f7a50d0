"""Metrics of the pool of database connections."""

from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy import Pool, event


def observe_pool(pool: Pool, size: int, registry: CollectorRegistry) -> None:
    """Measure how many connections of a pool are in use, and how many there can be."""
    used = Gauge(
        "db_client_connections_used",
        "Database connections in use.",
        registry=registry,
        multiprocess_mode="livesum",
    )
    limit = Gauge(
        "db_client_connections_max",
        "Database connections that can be open.",
        registry=registry,
        multiprocess_mode="livesum",
    )
    limit.set(size)
    event.listen(pool, "checkout", lambda *_: used.inc())
    event.listen(pool, "checkin", lambda *_: used.dec())
