"""The id of the request that is being answered, for its response and for everything that is said of it."""

import re
from contextvars import ContextVar
from random import getrandbits

HEADER = "X-Request-ID"
WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,128}")

_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def begin(given: str | None) -> str:
    """Take the id that a proxy or a client has given, where it is well-formed; else make one."""
    # An id is no secret: asking the system for randomness would cost a tenth of a small request.
    made_or_given = given if given and WELL_FORMED.fullmatch(given) else f"{getrandbits(128):032x}"
    _current.set(made_or_given)
    return made_or_given


def get() -> str | None:
    """Return the id, or None outside of a request."""
    return _current.get()
