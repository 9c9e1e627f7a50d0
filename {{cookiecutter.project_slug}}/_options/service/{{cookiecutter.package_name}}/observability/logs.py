"""Logs: a JSON object for each line; in development, lines to read. Both say which request it was."""

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
# Attributes that are no `extra`: those of every record, and the server's message once more, in colours.
STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "color_message"}

# Makes a line of: the time in seconds since 1970, the level, the logger, the message, what else is known.
Line = Callable[[float, str, str, str, Mapping[str, Any]], str]


def configure(settings: Settings) -> None:
    """Write all that this process logs to standard error, in one format."""
    handler = StandardErrorHandler()
    handler.set_name(HANDLER)
    handler.setFormatter(Formatter(settings))
    root = logging.getLogger()
    root.handlers[:] = [*(each for each in root.handlers if each.name != HANDLER), handler]
    root.setLevel(settings.log_level)


class StandardErrorHandler(logging.Handler):
    """Write to standard error as it is at the moment: test runners replace it for each test."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line of a record."""
        try:
            sys.stderr.write(f"{self.format(record)}\n")
            sys.stderr.flush()
        except Exception:
            self.handleError(record)


class Formatter(logging.Formatter):
    """Makes the line of a record, its traceback included, and covers the secrets in it."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.line = line_of(settings)
        # As they are, and as they are written in Python and in JSON; the longest first, since others may be parts of it.
        secrets = {each for secret in secrets_of(settings) for each in (secret, repr(secret)[1:-1])}
        secrets |= {to_json(secret).decode()[1:-1] for secret in secrets}
        self.secrets = sorted(secrets, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, in development with the lines of the traceback below it."""
        extra = {name: each for name, each in vars(record).items() if name not in STANDARD}
        if record.exc_info:
            extra["exception"] = self.formatException(record.exc_info)
        line = self.line(record.created, record.levelname, record.name, record.getMessage(), extra)
        for secret in self.secrets:
            line = line.replace(secret, "**********")
        return line


def line_of(settings: Settings) -> Line:
    """Choose the format: for people in development, for programs elsewhere."""
    return text_line if settings.environment == "development" else json_line


def json_line(
    created: float, level: str, logger: str, message: str, extra: Mapping[str, Any]
) -> str:
    """Return a JSON object, in one line whatever is in it."""
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
    """Return a line to read, and the traceback where there is one."""
    moment = datetime.fromtimestamp(created).astimezone().isoformat(" ", "milliseconds")
    known = {**extra, **ids()}
    traceback = f"\n{known.pop('exception')}" if "exception" in known else ""
    pairs = "".join(f" {name}={value}" for name, value in known.items())
    return f"{moment} {level:8} {logger}: {message}{pairs}{traceback}"


def ids() -> dict[str, str]:
    """Return the ids of the request, where one is being answered."""
    known = context.current()._asdict()
    return {name: value for name, value in known.items() if value}
