"""Observation of requests: a record of each one whose response has ended, and its log line."""

import logging
from collections.abc import Callable
from typing import NamedTuple

logger = logging.getLogger(__name__)

# The status in the record of a request whose client disconnected before the response began; it is never sent.
CLIENT_CLOSED_REQUEST = 499
# The key that the server adds to the scope of such a request.
DISCONNECTED = "client_disconnected"


class RequestRecord(NamedTuple):
    """A request whose response has ended.

    `route` is the template of the path, None if no endpoint matched; `duration` is in seconds, `size` is the number
    of bytes in the body of the response.
    """

    method: str
    route: str | None
    status: int
    duration: float
    size: int
    client: str | None


Observer = Callable[[RequestRecord], None]


def log_request(record: RequestRecord) -> None:
    """Log a line for a request."""
    extra = {
        "method": record.method,
        "route": record.route,
        "status": record.status,
        "duration_ms": round(record.duration * 1000, 3),
        "bytes": record.size,
        "client": record.client,
    }
    logger.info("request", extra=extra)
