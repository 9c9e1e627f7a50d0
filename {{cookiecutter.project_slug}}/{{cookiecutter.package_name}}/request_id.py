"""The id of the request that is being answered, for its response and for everything that is said of it."""

import re
from contextvars import ContextVar
from uuid import uuid4

HEADER = "X-Request-ID"
WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,128}")

_current: ContextVar[str] = ContextVar("request_id")


def begin(given: str | None) -> None:
    """Take the id that a proxy or a client has given, where it is well-formed; else make one."""
    _current.set(given if given and WELL_FORMED.fullmatch(given) else uuid4().hex)


def current() -> str:
    """Return the id; raise LookupError outside of a request."""
    return _current.get()
