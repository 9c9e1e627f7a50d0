"""Database errors: their translation to problems, and the retry policy."""

import logging

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from ..config import Settings
from ..web.problems import NotReady, ProblemError
from .engine import is_refused_write, is_transient, is_unavailable

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
# Seconds before the second attempt at most; the delay is random, so that competing transactions do not meet again.
MAX_RETRY_DELAY = 0.05
RETRY_AFTER = "5"
UPGRADE = "python -m {{ cookiecutter.package_name }} db upgrade"
SCHEMA_OUTDATED = f"The database lacks migrations: run `make migrate`, or `{UPGRADE}`."

DatabaseError = DBAPIError | PoolTimeoutError


class DatabaseUnavailable(ProblemError):
    """The database is down or overloaded, or no connection of the pool was free in time."""

    status = 503
    detail = "The database is temporarily unavailable."
    headers = {"Retry-After": RETRY_AFTER}


class SchemaOutdated(NotReady, DatabaseUnavailable):
    """The database lacks migrations; the message names the command that applies them, in development the response as well."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(SCHEMA_OUTDATED)
        if settings.environment == "development":
            self.detail = SCHEMA_OUTDATED


class Conflict(ProblemError):
    """The request violates a constraint of the database."""

    status = 409
    detail = "The request conflicts with existing data."


class WriteRefused(RuntimeError):
    """A bug: a write in a unit of work of the kind `read` or `snapshot`."""

    def __init__(self) -> None:
        super().__init__(
            "safe requests (GET, HEAD, OPTIONS) and read-only units of work cannot write;"
            " use another method, or `database.begin()`"
        )


def raise_write_refused(context: ExceptionContext) -> None:
    """Raise WriteRefused if the database has rejected a write; for the event `handle_error`."""
    error, connection = context.sqlalchemy_exception, context.connection
    if isinstance(error, DBAPIError) and connection and is_refused_write(error, connection):
        raise WriteRefused from context.original_exception


def reject_unflushed_changes(session: Session) -> None:
    """Raise WriteRefused if a session has changes that were not flushed."""
    if session.new or session.deleted or any(map(session.is_modified, session.dirty)):
        raise WriteRefused


def to_problem(error: DatabaseError | SchemaOutdated) -> ProblemError:
    """Return the problem for a response; raise the error itself if it is a bug."""
    if isinstance(error, SchemaOutdated):
        logger.error("%s", error)
        return error
    if isinstance(error, IntegrityError):
        return Conflict()
    if isinstance(error, PoolTimeoutError) or is_unavailable(error):
        logger.warning("the database is unavailable: %s", getattr(error, "orig", error))
        return DatabaseUnavailable()
    raise error


def may_be_outdated(error: DatabaseError) -> bool:
    """Return whether missing migrations may have caused the error: it is no conflict, and the database is available."""
    return isinstance(error, DBAPIError) and not (
        isinstance(error, IntegrityError) or is_unavailable(error)
    )


def can_retry(error: DBAPIError, attempt: int) -> bool:
    """Return whether to retry a unit of work; its failed attempt was rolled back."""
    return is_transient(error) and attempt < MAX_ATTEMPTS
