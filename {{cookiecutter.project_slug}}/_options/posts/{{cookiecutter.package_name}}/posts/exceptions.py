"""Errors of posts, and their translation from database errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from ..database.engine import constraint_of
from ..web.etags import PreconditionFailed
from ..web.problems import ProblemError


class PostNotFound(ProblemError):
    """No post has this id."""

    status = 404
    detail = "There is no such post."


class NotYourPost(ProblemError):
    """The post belongs to another owner."""

    status = 403
    detail = "The post is not yours."


class SlugTaken(ProblemError):
    """Another post has this slug."""

    status = 409
    detail = "The slug is taken."


@contextmanager
def translate_integrity_errors() -> Iterator[None]:
    """Translate errors of the database to SlugTaken, or to PreconditionFailed after a concurrent change."""
    try:
        yield
    except StaleDataError:
        raise PreconditionFailed from None
    except IntegrityError as error:
        if constraint_of(error) != "uq_posts_slug":
            raise
        raise SlugTaken from None
