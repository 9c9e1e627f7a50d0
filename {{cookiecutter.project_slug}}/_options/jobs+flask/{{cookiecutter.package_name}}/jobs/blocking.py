"""Units of work for plain functions."""

from ..database.session import Database as BlockingDatabase

__all__ = ["BlockingDatabase"]
