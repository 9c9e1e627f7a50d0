"""What clients are told when the database refuses, or cannot be used."""

import logging

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

from .engine import is_transient, is_unavailable
from .problems import ProblemError

logger = logging.getLogger(__name__)

# Requests that may be repeated whatever they do: https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2.
IDEMPOTENT = {"DELETE", "GET", "HEAD", "OPTIONS", "PUT"}
# How often a transaction is tried, and the seconds after which a client may.
ATTEMPTS = 3
RETRY_AFTER = "5"

DatabaseError = DBAPIError | NoConnectionLeft
DATABASE_ERRORS = (DBAPIError, NoConnectionLeft)


class DatabaseUnavailable(ProblemError):
    """It is down, busy for too long, or has no connection left."""

    status = 503
    detail = "The database is not available."
    headers = {"Retry-After": RETRY_AFTER}


class Conflict(ProblemError):
    """A constraint of the database does not allow it."""

    status = 409
    detail = "It does not go with what is stored already."


def problem_of(error: DatabaseError) -> ProblemError:
    """Return what to answer; raise the error itself where it is a bug."""
    if isinstance(error, IntegrityError):
        return Conflict()
    if isinstance(error, NoConnectionLeft) or is_unavailable(error):
        logger.warning("the database is not available: %s", getattr(error, "orig", error))
        return DatabaseUnavailable()
    raise error


def may_be_tried_again(error: DatabaseError, method: str, attempt: int) -> bool:
    """Tell whether to repeat a request from its beginning; nothing of the attempt was stored."""
    transient = isinstance(error, DBAPIError) and is_transient(error)
    return transient and method in IDEMPOTENT and attempt < ATTEMPTS
