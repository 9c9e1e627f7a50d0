"""Errors of the database: which are answered, which may pass by themselves, which are bugs."""

import logging

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from sqlalchemy.orm import Session

from ..web.problems import ProblemError
from .engine import is_refused_write, is_transient, is_unavailable

logger = logging.getLogger(__name__)

# How often a unit of work is tried, the seconds of the longest pause before the second time, and the seconds after which
# a client may try again.
ATTEMPTS = 3
PAUSE = 0.05
RETRY_AFTER = "5"

DatabaseError = DBAPIError | NoConnectionLeft


class DatabaseUnavailable(ProblemError):
    """It is down, busy for too long, or has no connection left."""

    status = 503
    detail = "The database is not available."
    headers = {"Retry-After": RETRY_AFTER}


class Conflict(ProblemError):
    """A constraint of the database does not allow it."""

    status = 409
    detail = "It does not go with what is stored already."


class WriteRefused(RuntimeError):
    """A bug: a unit of work that only reads was to write."""

    def __init__(self) -> None:
        super().__init__(
            "safe requests (GET, HEAD, OPTIONS) and units of work that only read cannot write;"
            " use another method, or `database.begin()`"
        )


def refuse_write(context: ExceptionContext) -> None:
    """Raise WriteRefused where the database has refused to write; for the event `handle_error`."""
    error, connection = context.sqlalchemy_exception, context.connection
    if isinstance(error, DBAPIError) and connection and is_refused_write(error, connection):
        raise WriteRefused from context.original_exception


def refuse_changes(session: Session) -> None:
    """Raise WriteRefused where a session has changes that were not written yet."""
    if session.new or session.deleted or any(map(session.is_modified, session.dirty)):
        raise WriteRefused


def problem_of(error: DatabaseError) -> ProblemError:
    """Return what to answer; raise the error itself where it is a bug."""
    if isinstance(error, IntegrityError):
        return Conflict()
    if isinstance(error, NoConnectionLeft) or is_unavailable(error):
        logger.warning("the database is not available: %s", getattr(error, "orig", error))
        return DatabaseUnavailable()
    raise error


def can_be_repeated(error: DBAPIError, attempt: int) -> bool:
    """Tell whether a unit of work can succeed when it begins anew; nothing of the attempt was stored."""
    return is_transient(error) and attempt < ATTEMPTS
