"""The context of a request: its id and its trace, for the response and for log lines."""

import re
from contextvars import ContextVar
from random import getrandbits
from typing import NamedTuple

REQUEST_ID_HEADER = "X-Request-ID"
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
# https://www.w3.org/TR/trace-context/
TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class RequestContext(NamedTuple):
    """The ids of a request: its own, and that of its trace if the client sent one."""

    request_id: str | None = None
    trace_id: str | None = None


NO_REQUEST = RequestContext()

_current = ContextVar("request_context", default=NO_REQUEST)


def begin(request_id: str | None, traceparent: str | None) -> str:
    """Set the context of a request from its headers, and return its id: that of the client if it is valid."""
    if not request_id or not REQUEST_ID.fullmatch(request_id):
        # An id is not a secret; random bytes of the operating system would be slower.
        request_id = f"{getrandbits(128):032x}"
    trace = TRACEPARENT.fullmatch(traceparent) if traceparent else None
    _current.set(RequestContext(request_id, trace[1] if trace else None))
    return request_id


def current() -> RequestContext:
    """Return the context of the current request; outside of a request, it is empty."""
    return _current.get()
