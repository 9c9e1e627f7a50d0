"""The database: the engine, and the session that a request works in."""

from collections.abc import Callable
from weakref import finalize

from flask import Flask, Response, after_this_request, current_app, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from . import health
from .config import Settings
from .database_errors import DATABASE_ERRORS, may_be_tried_again, problem_of
from .engine import KINDS, Kind, options_of, prepare, url_of
from .problems import ProblemError

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class Database:
    """The engine, by itself for statements that are committed each, and the sessions made with it."""

    def __init__(self, settings: Settings) -> None:
        url = url_of(settings, "{{ cookiecutter.__driver }}")
        self.engine = create_engine(url, **options_of(settings))
        prepare(self.engine)
        self.engines = {
            kind: self.engine.execution_options(**options) for kind, options in KINDS.items()
        }

    def session(self, kind: Kind = "write") -> Session:
        """Make a session; close it, by `with`, whatever happens."""
        return Session(self.engines[kind], expire_on_commit=False)

    def ping(self) -> None:
        """Raise an error where the database does not answer."""
        with self.session("read") as session:
            session.execute(text("SELECT 1"))


def init_app(app: Flask, settings: Settings) -> None:
    """Give the application its database, and an answer to its errors."""
    app.extensions["database"] = database = Database(settings)
    health.get_checks(app).add("database", database.ping)
    # Flask tells nobody when an application ends; connections end with it, or with the process.
    finalize(app, database.engine.dispose)
    # Around the view alone: an error of the commit is still one that error handlers see.
    app.dispatch_request = in_transaction(app.dispatch_request)  # type: ignore[method-assign]
    app.teardown_request(close_sessions)


def get_database(app: Flask) -> Database:
    """Return the application's database."""
    database: Database = app.extensions["database"]
    return database


def get_session() -> Session:
    """Give a request its session, committed before the answer is sent, rolled back on any error.

    What a safe request reads, it reads statement by statement; any other request is a transaction.
    """
    session: Session | None = g.get("session")
    if session is None:
        kind: Kind = "read" if request.method in SAFE_METHODS else "write"
        g.session = session = get_database(current_app).session(kind)
    return session


def has_to_commit(session: Session, method: str) -> bool:
    """Tell whether anything is left to store: what a safe request has said was committed at once."""
    return method not in SAFE_METHODS or bool(session.new or session.dirty or session.deleted)


def get_stream_session() -> Session:
    """Give a request a session that sees one snapshot, and stays open until the answer was sent."""
    session: Session | None = g.get("stream_session")
    if session is None:
        g.stream_session = session = get_database(current_app).session("snapshot")
        after_this_request(hand_over)
    return session


def hand_over(response: Response) -> Response:
    """Leave the session of a stream to its response, which servers close however it ends."""
    if "stream_session" in g:
        response.call_on_close(g.pop("stream_session").close)
    return response


def close_sessions(error: BaseException | None = None) -> None:
    """Close the sessions of a request, where it has any; what was not committed is rolled back."""
    for name in ("session", "stream_session"):
        session: Session | None = g.pop(name, None)
        if session is not None:
            session.close()


def in_transaction(
    dispatch: Callable[[], ResponseReturnValue],
) -> Callable[[], ResponseReturnValue]:
    """Answer errors of the database; repeat a request where that is safe, and can help."""

    def dispatch_request() -> ResponseReturnValue:
        attempt = 0
        while True:
            attempt += 1
            try:
                return committed(dispatch)
            except DATABASE_ERRORS as error:
                close_sessions()
                if not may_be_tried_again(error, request.method, attempt):
                    raise problem_of(error) from error
            except BaseException:
                close_sessions()
                raise

    return dispatch_request


def committed(dispatch: Callable[[], ResponseReturnValue]) -> ResponseReturnValue:
    """Call a view, and commit what it did, or what an error of it keeps."""
    try:
        answer = dispatch()
    except ProblemError as error:
        if error.keeps_changes and (session := g.get("session")):
            session.commit()
        raise
    session = g.get("session")
    if session and has_to_commit(session, request.method):
        session.commit()
    return answer
