"""The trace that a request is part of, for its log lines: https://www.w3.org/TR/trace-context/."""

import re
from contextvars import ContextVar

VERSION_0 = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

_current: ContextVar[str | None] = ContextVar("trace_id", default=None)


def begin(given: str | None) -> None:
    """Take the trace id of a valid header, or none."""
    valid = VERSION_0.fullmatch(given) if given else None
    _current.set(valid[1] if valid else None)


def get() -> str | None:
    """Return the trace id, or None where there is none."""
    return _current.get()
