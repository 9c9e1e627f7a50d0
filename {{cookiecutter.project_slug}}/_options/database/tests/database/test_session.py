"""Sessions: transactions of requests, units of work, streams, and database errors."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from time import monotonic
from typing import Any, NoReturn

import httpx2
import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import InvalidRequestError, OperationalError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    make_transient_to_detached,
    mapped_column,
)
from sqlalchemy.orm.attributes import set_committed_value

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.database import errors as database_errors
from {{ cookiecutter.package_name }}.database.base import UtcDateTime, now
from {{ cookiecutter.package_name }}.web.problems import ProblemError

from ..support.databases import make_database, url_for_tests
from ..support.embedded import DRIVERNAME, SLOW_QUERY, UNREACHABLE_URL, is_transaction
from ..support.framework import App, client_for
from ..support.sessions import (
    get_engine,
    held_connection,
    is_session_closed,
    route_change,
    route_late_use,
    route_statements,
    route_stream,
    route_work,
    run_in_unit_of_work,
)
from ..support.settings import IsolatedSettings

DIALECT = DefaultDialect()
UNAVAILABLE = {
    "type": "about:blank",
    "title": "Service Unavailable",
    "status": 503,
    "detail": "The database is temporarily unavailable.",
}
INSERT = "INSERT INTO authors SELECT 10 + count(*) FROM authors"
COUNT = "SELECT count(*) FROM authors"
TABLES = [
    "CREATE TABLE authors (id INTEGER PRIMARY KEY)",
    "CREATE TABLE books (id INTEGER PRIMARY KEY, author INTEGER NOT NULL"
    " REFERENCES authors (id) DEFERRABLE INITIALLY DEFERRED)",
]


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "authors"

    id: Mapped[int] = mapped_column(primary_key=True)


def add_author(session: Session) -> None:
    session.add(Author(id=4))


def attach_author(session: Session) -> Author:
    author = Author(id=4)
    make_transient_to_detached(author)
    set_committed_value(author, "id", 4)
    session.add(author)
    return author


def change_author(session: Session) -> None:
    attach_author(session).id = 5


def delete_author(session: Session) -> None:
    session.delete(attach_author(session))


class RolledBackError(ProblemError):
    status = 401


class CommittedError(ProblemError):
    status = 401
    keeps_changes = True


@pytest.fixture
def connect() -> Callable[..., App]:
    """Return a function that creates an application with a new database and short timeouts."""

    def connect(**settings: Any) -> App:
        defaults = {
            "database_url": make_database(),
            "database_pool_size": 1,
            "database_pool_timeout": 0.1,
            "database_lock_timeout": 0.1,
        }
        return create_app(IsolatedSettings.model_validate(defaults | settings))

    return connect


@pytest.fixture
def settings() -> dict[str, Any]:
    """Return the settings that a test overrides."""
    return {}


@pytest.fixture
def late_errors() -> list[str]:
    """Collect the errors of sessions that are used after the response."""
    return []


@pytest.fixture
def library(connect: Callable[..., App], settings: dict[str, Any], late_errors: list[str]) -> App:
    """Return an application with two tables, and endpoints that write to them."""
    app = connect(**settings)
    for number, table in enumerate(TABLES):
        route_statements(app, f"/tables/{number}", [table], "POST")
    route_statements(app, "/books", ["SELECT count(*) FROM books"])
    for path, final_error in {"/orphans": None, "/orphans/committed": CommittedError()}.items():
        route_statements(app, path, ["INSERT INTO books VALUES (1, 1)"], "POST", final_error)
    route_statements(
        app,
        "/authors",
        ["INSERT INTO authors VALUES (1)", "INSERT INTO books VALUES (1, 1)"],
        "POST",
    )
    route_statements(
        app, "/failed", ["INSERT INTO authors VALUES (2)", "SELECT no_column FROM no_table"], "POST"
    )
    route_statements(app, "/count", [COUNT])
    for error in (RolledBackError(), CommittedError()):
        name = f"/{type(error).__name__}"
        route_statements(app, name, ["INSERT INTO authors VALUES (3)"], "POST", error)
    route_change(app, "/authors/added", add_author)
    route_change(app, "/authors/changed", change_author)
    route_change(app, "/authors/deleted", delete_author)
    route_statements(app, "/authors/inserted", [INSERT])
    route_statements(app, "/authors/returned", [INSERT], "POST", status=409)
    route_work(app, "/work", [INSERT, COUNT])
    route_work(app, "/visits", [INSERT, COUNT], "GET")
    route_work(app, "/orphans/work", ["INSERT INTO books VALUES (1, 1)"])
    route_late_use(app, "/late", INSERT, late_errors)
    route_statements(app, "/slow", [SLOW_QUERY])
    route_stream(app, "/stream", "SELECT count(*) FROM books", 3)
    route_stream(app, "/stream/count", COUNT, 3)
    route_stream(app, "/stream/failed", "SELECT no_column FROM no_table", 3)
    return app


@pytest.fixture
def client(library: App) -> Iterator[httpx2.Client]:
    with client_for(library) as client:
        for number in range(len(TABLES)):
            assert client.post(f"/tables/{number}").status_code == 200
        yield client


def test_successful_request_is_committed(client: httpx2.Client) -> None:
    assert client.post("/authors").status_code == 200
    assert client.get("/books").json() == 1


@pytest.mark.parametrize("change", ["added", "changed", "deleted", "inserted"])
def test_safe_request_cannot_write(
    client: httpx2.Client, caplog: pytest.LogCaptureFixture, change: str
) -> None:
    assert client.get(f"/authors/{change}").status_code == 500
    assert "use another method, or `database.begin()`" in caplog.text
    assert client.get("/count").json() == 0
    assert client.post("/authors").status_code == 200


def test_failed_request_is_rolled_back(client: httpx2.Client) -> None:
    response = client.post("/failed")

    assert response.status_code == 500
    assert "no_table" not in response.text
    assert client.get("/count").json() == 0


def test_error_with_keeps_changes_is_committed(client: httpx2.Client) -> None:
    assert client.post("/RolledBackError").status_code == 401
    assert client.get("/count").json() == 0
    assert client.post("/CommittedError").status_code == 401
    assert client.get("/count").json() == 1


def test_returned_error_response_is_committed(client: httpx2.Client) -> None:
    assert client.post("/authors/returned").status_code == 409
    assert client.get("/count").json() == 1


def test_safe_request_can_write_in_a_separate_unit_of_work(client: httpx2.Client) -> None:
    assert client.get("/visits").json() == 1
    assert client.get("/count").json() == 1


@pytest.mark.parametrize("path", ["/orphans", "/orphans/committed"])
def test_constraint_violation_at_the_commit_is_a_conflict(client: httpx2.Client, path: str) -> None:
    response = client.post(path)

    assert response.status_code == 409
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["detail"] == "The request conflicts with existing data."
    assert client.get("/books").json() == client.get("/books").json() == 0


def test_safe_request_begins_no_transaction(library: App, client: httpx2.Client) -> None:
    begun: list[bool] = []
    event.listen(get_engine(library), "begin", lambda each: begun.append(is_transaction(each)))

    client.get("/books")
    client.head("/books")
    client.post("/authors")

    assert begun == [False, False, True]


def connections_in_use(app: App) -> int:
    """Return the number of connections that are checked out of the pool."""
    pool: Any = get_engine(app).pool
    count: int = pool.checkedout()
    return count


def test_stream_reads_one_snapshot(library: App, client: httpx2.Client) -> None:
    url = get_engine(library).url
    other = create_engine(url.set(drivername=url.get_backend_name()))

    def write(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if statement == COUNT:
            with other.begin() as other_connection:
                other_connection.execute(text(INSERT))

    event.listen(get_engine(library), "before_cursor_execute", write)
    counted = client.get("/stream/count").text.split()
    event.remove(get_engine(library), "before_cursor_execute", write)
    other.dispose()

    assert counted == ["1", "1", "1"]
    assert client.get("/count").json() == 3


def test_stream_returns_its_connection(library: App, client: httpx2.Client) -> None:
    response = client.get("/stream")

    assert response.text.split() == ["0", "0", "0"]
    assert connections_in_use(library) == 0


def test_stream_returns_its_connection_after_a_disconnect(
    library: App, client: httpx2.Client
) -> None:
    with client.stream("GET", "/stream") as response:
        next(response.iter_raw())

    assert connections_in_use(library) == 0


def test_interrupted_commit_returns_its_connection(library: App, client: httpx2.Client) -> None:
    def interrupt(connection: object) -> NoReturn:
        raise InterruptedError

    event.listen(get_engine(library), "commit", interrupt)
    with pytest.raises(InterruptedError):
        run_in_unit_of_work(library, client, [INSERT])
    event.remove(get_engine(library), "commit", interrupt)

    assert connections_in_use(library) == 0
    assert run_in_unit_of_work(library, client, [COUNT], "read")[0] == 0


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("HEAD", "/stream", 200), ("GET", "/stream/failed", 500)],
    ids=["HEAD", "failed"],
)
def test_unsent_stream_returns_its_connection(
    library: App, client: httpx2.Client, method: str, path: str, status: int
) -> None:
    response = client.request(method, path)

    assert response.status_code == status
    assert connections_in_use(library) == 0


def test_exhausted_pool_is_unavailable_with_retry_after(
    library: App, client: httpx2.Client
) -> None:
    with held_connection(library, client):
        response = client.get("/books")

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert response.json().items() >= UNAVAILABLE.items()
    assert client.get("/books").status_code == 200


def test_exhausted_pool_does_not_fail_readyz(library: App, client: httpx2.Client) -> None:
    with held_connection(library, client):
        assert [client.get("/readyz").status_code for _ in range(3)] == [200, 200, 200]
    assert connections_in_use(library) == 0


@pytest.mark.parametrize("settings", [{"database_statement_timeout": 0.2}])
def test_slow_statement_is_interrupted(client: httpx2.Client) -> None:
    started = monotonic()
    response = client.get("/slow")

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert monotonic() - started < 3
    assert client.get("/books").status_code == 200


def test_session_used_after_the_response_leaks_no_connection(
    library: App, client: httpx2.Client, late_errors: list[str]
) -> None:
    for _ in range(20):
        # One of the two test clients raises the error; a server would close the connection.
        with suppress(InvalidRequestError):
            client.post("/late")

    assert len(late_errors) == 20
    assert all("permanently closed" in error for error in late_errors)
    assert client.get("/count").json() == 20
    assert connections_in_use(library) == 0


def test_unit_of_work_is_committed(library: App, client: httpx2.Client) -> None:
    count, session = run_in_unit_of_work(library, client, [INSERT, COUNT])

    assert count == client.get("/count").json() == 1
    assert is_session_closed(library, client, session)
    assert connections_in_use(library) == 0


def test_failed_unit_of_work_is_rolled_back(library: App, client: httpx2.Client) -> None:
    for error in (ValueError(), RolledBackError()):
        with pytest.raises(type(error)):
            run_in_unit_of_work(library, client, [INSERT], error=error)

    assert client.get("/count").json() == 0
    with pytest.raises(CommittedError):
        run_in_unit_of_work(library, client, [INSERT], error=CommittedError())
    assert client.get("/count").json() == 1


@pytest.mark.parametrize(("failures", "status"), [(2, 200), (3, 503)])
def test_transient_errors_are_retried(
    library: App,
    client: httpx2.Client,
    monkeypatch: pytest.MonkeyPatch,
    failures: int,
    status: int,
) -> None:
    errors = [OperationalError("", {}, Exception("deadlock")) for _ in range(failures)]

    def fail(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if errors and statement == COUNT:
            raise errors.pop()

    monkeypatch.setattr(database_errors, "is_transient", lambda error: True)
    monkeypatch.setattr(database_errors, "is_unavailable", lambda error: True)
    event.listen(get_engine(library), "before_cursor_execute", fail)

    assert client.post("/work").status_code == status
    assert client.get("/count").json() == (1 if status == 200 else 0)


def test_other_errors_are_not_retried(library: App, client: httpx2.Client) -> None:
    begun: list[object] = []
    event.listen(get_engine(library), "begin", begun.append)

    assert client.post("/orphans/work").status_code == 409
    assert len(begun) == 1


@pytest.mark.parametrize("kind", ["read", "snapshot"])
def test_read_only_unit_of_work_cannot_write(
    library: App, client: httpx2.Client, kind: str
) -> None:
    assert run_in_unit_of_work(library, client, [COUNT], kind)[0] == 0
    with pytest.raises(RuntimeError, match=r"`database\.begin\(\)`"):
        run_in_unit_of_work(library, client, [INSERT], kind)

    assert client.get("/count").json() == 0
    assert run_in_unit_of_work(library, client, [INSERT, COUNT])[0] == 1


def test_unreachable_database_is_unavailable(
    connect: Callable[..., App], caplog: pytest.LogCaptureFixture
) -> None:
    app = connect(database_url=UNREACHABLE_URL)
    route_statements(app, "/one", ["SELECT 1"])

    with client_for(app) as client:
        statuses = {path: client.get(path).status_code for path in ("/livez", "/readyz", "/one")}
        response = client.get("/one")

    assert statuses == {"/livez": 200, "/readyz": 503, "/one": 503}
    assert "the database is unavailable: " in caplog.text
    assert response.headers["Retry-After"] == "5"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.json().items() >= UNAVAILABLE.items()


def test_errors_hide_statement_parameters(library: App) -> None:
    assert get_engine(library).hide_parameters


def test_datetimes_are_stored_in_utc() -> None:
    value = datetime(2026, 1, 31, 13, tzinfo=timezone(timedelta(hours=1)))

    stored = UtcDateTime().process_bind_param(value, DIALECT)

    assert stored == datetime(2026, 1, 31, 12, tzinfo=UTC)
    without_zone = stored.replace(tzinfo=None)
    assert UtcDateTime().process_result_value(without_zone, DIALECT) == value
    assert datetime.now(UTC) <= now() <= datetime.now(UTC)


def test_datetimes_require_an_offset() -> None:
    with pytest.raises(ValueError, match="timezone-aware"):
        UtcDateTime().process_bind_param(now().replace(tzinfo=None), DIALECT)


def test_other_databases_are_rejected_in_tests() -> None:
    accepted = url_for_tests("any+driver://localhost/service_test")
    assert (accepted.drivername, accepted.database) == (DRIVERNAME, "service_test")
    for url in ("any:///service.db", "any://localhost/service", "any://"):
        with pytest.raises(ValueError, match="does not end in _test"):
            url_for_tests(url)
