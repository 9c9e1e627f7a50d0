"""Units of work for plain functions, which run in threads."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, event
from sqlalchemy.orm import Session

from ..config import Settings
from ..database.engine import EXECUTION_OPTIONS, Kind, engine_options, prepare, url_of
from ..database.errors import raise_write_refused, reject_unflushed_changes


class BlockingDatabase:
    """The connection pool of a worker, and the units of work of its threads."""

    def __init__(self, settings: Settings) -> None:
        self.engine = create_engine(url_of(settings), **engine_options(settings))
        prepare(self.engine)
        event.listen(self.engine, "handle_error", raise_write_refused)

    @contextmanager
    def begin(self, kind: Kind = "write") -> Iterator[Session]:
        """Begin a unit of work, as `begin()` of the application's database does for coroutines."""
        engine = self.engine.execution_options(**EXECUTION_OPTIONS[kind])
        with Session(engine, expire_on_commit=False, close_resets_only=False) as session:
            yield session
            if kind == "write":
                session.commit()
            else:
                reject_unflushed_changes(session)

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()
