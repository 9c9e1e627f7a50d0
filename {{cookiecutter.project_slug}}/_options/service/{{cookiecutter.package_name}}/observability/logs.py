"""Logs: one JSON object per line, or lines of text in development, each with the ids of its request."""

import logging
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_json

from ..config import Settings
from . import context
from .masking import secrets_of

HANDLER = __name__
# Attributes that are not `extra`: those of every record, and uvicorn's coloured message.
STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "color_message"}

# Formats the time in seconds since the epoch, the level, the logger, the message and other fields.
Line = Callable[[float, str, str, str, Mapping[str, Any]], str]


def configure(settings: Settings) -> None:
    """Write all logs of this process to standard error, in one format."""
    handler = StandardErrorHandler()
    handler.set_name(HANDLER)
    handler.setFormatter(Formatter(settings))
    root = logging.getLogger()
    root.handlers[:] = [*(each for each in root.handlers if each.name != HANDLER), handler]
    root.setLevel(settings.log_level)


class StandardErrorHandler(logging.Handler):
    """Write to the current standard error: test runners replace it for each test."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line of a record."""
        try:
            sys.stderr.write(f"{self.format(record)}\n")
            sys.stderr.flush()
        except Exception:
            self.handleError(record)


class Formatter(logging.Formatter):
    """Formats a record with its traceback, and masks secrets."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.line = line_of(settings)
        # Plain, and as Python and JSON escape them; the longest first, because others may be parts of it.
        secrets = {each for secret in secrets_of(settings) for each in (secret, repr(secret)[1:-1])}
        secrets |= {to_json(secret).decode()[1:-1] for secret in secrets}
        self.secrets = sorted(secrets, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record, in development followed by the lines of its traceback."""
        extra = {name: each for name, each in vars(record).items() if name not in STANDARD}
        if record.exc_info:
            extra["exception"] = self.formatException(record.exc_info)
        line = self.line(record.created, record.levelname, record.name, record.getMessage(), extra)
        for secret in self.secrets:
            line = line.replace(secret, "**********")
        return line


def line_of(settings: Settings) -> Line:
    """Return the format of the environment: text in development, JSON elsewhere."""
    return text_line if settings.environment == "development" else json_line


def json_line(
    created: float, level: str, logger: str, message: str, extra: Mapping[str, Any]
) -> str:
    """Return a JSON object on one line."""
    entry = {
        "time": datetime.fromtimestamp(created, UTC),
        "level": level,
        "logger": logger,
        "message": message,
        **ids(),
        **extra,
    }
    return to_json(entry, fallback=str).decode()


def text_line(
    created: float, level: str, logger: str, message: str, extra: Mapping[str, Any]
) -> str:
    """Return a line of text, followed by the traceback if there is one."""
    moment = datetime.fromtimestamp(created).astimezone().isoformat(" ", "milliseconds")
    known = {**extra, **ids()}
    traceback = f"\n{known.pop('exception')}" if "exception" in known else ""
    pairs = "".join(f" {name}={value}" for name, value in known.items())
    return f"{moment} {level:8} {logger}: {message}{pairs}{traceback}"


def ids() -> dict[str, str]:
    """Return the ids of the current request; outside of a request, none."""
    known = context.current()._asdict()
    return {name: value for name, value in known.items() if value}
