"""The database: what a request does to it, and what becomes of a request that it fails."""

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

from ..support.databases import make_empty_database, url_for_tests
from ..support.embedded import NOWHERE, SLOW, is_transaction
from ..support.framework import App, client_for
from ..support.sessions import (
    engine_of,
    held_connection,
    in_unit,
    is_closed,
    route_change,
    route_late_use,
    route_statements,
    route_stream,
    route_work,
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


def stored_author(session: Session) -> Author:
    author = Author(id=4)
    make_transient_to_detached(author)
    set_committed_value(author, "id", 4)
    session.add(author)
    return author


def change_author(session: Session) -> None:
    stored_author(session).id = 5


def delete_author(session: Session) -> None:
    session.delete(stored_author(session))


class Undone(ProblemError):
    status = 401


class Kept(ProblemError):
    status = 401
    keeps_changes = True


@pytest.fixture
def connect() -> Callable[..., App]:
    """Make an application for a database of its own, with settings that fail fast."""

    def connect(**settings: Any) -> App:
        wanted = {
            "database_url": make_empty_database(),
            "database_pool_size": 1,
            "database_pool_timeout": 0.1,
            "database_lock_timeout": 0.1,
        }
        return create_app(IsolatedSettings.model_validate(wanted | settings))

    return connect


@pytest.fixture
def settings() -> dict[str, Any]:
    """What a test sets otherwise."""
    return {}


@pytest.fixture
def late_errors() -> list[str]:
    """The errors of sessions that are used after the answer."""
    return []


@pytest.fixture
def library(connect: Callable[..., App], settings: dict[str, Any], late_errors: list[str]) -> App:
    """An application with two tables, and endpoints that write to them."""
    app = connect(**settings)
    for number, table in enumerate(TABLES):
        route_statements(app, f"/tables/{number}", [table], "POST")
    route_statements(app, "/books", ["SELECT count(*) FROM books"])
    for path, kept in {"/orphans": None, "/orphans/kept": Kept()}.items():
        route_statements(app, path, ["INSERT INTO books VALUES (1, 1)"], "POST", kept)
    route_statements(
        app,
        "/authors",
        ["INSERT INTO authors VALUES (1)", "INSERT INTO books VALUES (1, 1)"],
        "POST",
    )
    route_statements(
        app, "/broken", ["INSERT INTO authors VALUES (2)", "SELECT nothing FROM nowhere"], "POST"
    )
    route_statements(app, "/count", [COUNT])
    for error in (Undone(), Kept()):
        name = f"/{type(error).__name__}"
        route_statements(app, name, ["INSERT INTO authors VALUES (3)"], "POST", error)
    route_change(app, "/authors/added", add_author)
    route_change(app, "/authors/changed", change_author)
    route_change(app, "/authors/deleted", delete_author)
    route_statements(app, "/authors/inserted", [INSERT])
    route_statements(app, "/authors/returned", [INSERT], "POST", status=409)
    route_work(app, "/work", [INSERT, COUNT])
    route_work(app, "/visits", [INSERT, COUNT], "GET")
    route_work(app, "/orphans/made", ["INSERT INTO books VALUES (1, 1)"])
    route_late_use(app, "/late", INSERT, late_errors)
    route_statements(app, "/slow", [SLOW])
    route_stream(app, "/stream", "SELECT count(*) FROM books", 3)
    route_stream(app, "/stream/count", COUNT, 3)
    route_stream(app, "/stream/broken", "SELECT nothing FROM nowhere", 3)
    return app


@pytest.fixture
def client(library: App) -> Iterator[httpx2.Client]:
    with client_for(library) as client:
        for number in range(len(TABLES)):
            assert client.post(f"/tables/{number}").status_code == 200
        yield client


def test_request_that_succeeds_is_committed(client: httpx2.Client) -> None:
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


def test_request_that_fails_is_rolled_back(client: httpx2.Client) -> None:
    response = client.post("/broken")

    assert response.status_code == 500
    assert "nowhere" not in response.text
    assert client.get("/count").json() == 0


def test_error_may_keep_what_was_written(client: httpx2.Client) -> None:
    assert client.post("/Undone").status_code == 401
    assert client.get("/count").json() == 0
    assert client.post("/Kept").status_code == 401
    assert client.get("/count").json() == 1


def test_error_that_is_returned_is_committed(client: httpx2.Client) -> None:
    assert client.post("/authors/returned").status_code == 409
    assert client.get("/count").json() == 1


def test_safe_request_writes_in_a_unit_of_its_own(client: httpx2.Client) -> None:
    assert client.get("/visits").json() == 1
    assert client.get("/count").json() == 1


@pytest.mark.parametrize("path", ["/orphans", "/orphans/kept"])
def test_constraint_that_fails_at_the_commit_reaches_the_client(
    client: httpx2.Client, path: str
) -> None:
    response = client.post(path)

    assert response.status_code == 409
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["detail"] == "The request conflicts with existing data."
    assert client.get("/books").json() == client.get("/books").json() == 0


def test_safe_request_needs_no_transaction(library: App, client: httpx2.Client) -> None:
    begun: list[bool] = []
    event.listen(engine_of(library), "begin", lambda each: begun.append(is_transaction(each)))

    client.get("/books")
    client.head("/books")
    client.post("/authors")

    assert begun == [False, False, True]


def connections_in_use(app: App) -> int:
    """Count the connections that are not in their pool."""
    pool: Any = engine_of(app).pool
    count: int = pool.checkedout()
    return count


def test_stream_sees_one_snapshot(library: App, client: httpx2.Client) -> None:
    url = engine_of(library).url
    other = create_engine(url.set(drivername=url.get_backend_name()))

    def write(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if statement == COUNT:
            with other.begin() as connection_of_its_own:
                connection_of_its_own.execute(text(INSERT))

    event.listen(engine_of(library), "before_cursor_execute", write)
    counted = client.get("/stream/count").text.split()
    event.remove(engine_of(library), "before_cursor_execute", write)
    other.dispose()

    assert counted == ["1", "1", "1"]
    assert client.get("/count").json() == 3


def test_stream_gives_its_connection_back(library: App, client: httpx2.Client) -> None:
    response = client.get("/stream")

    assert response.text.split() == ["0", "0", "0"]
    assert connections_in_use(library) == 0


def test_stream_that_a_client_leaves_gives_its_connection_back(
    library: App, client: httpx2.Client
) -> None:
    with client.stream("GET", "/stream") as response:
        next(response.iter_raw())

    assert connections_in_use(library) == 0


def test_commit_that_is_interrupted_gives_its_connection_back(
    library: App, client: httpx2.Client
) -> None:
    def interrupt(connection: object) -> NoReturn:
        raise InterruptedError

    event.listen(engine_of(library), "commit", interrupt)
    with pytest.raises(InterruptedError):
        in_unit(library, client, [INSERT])
    event.remove(engine_of(library), "commit", interrupt)

    assert connections_in_use(library) == 0
    assert in_unit(library, client, [COUNT], "read")[0] == 0


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("HEAD", "/stream", 200), ("GET", "/stream/broken", 500)],
    ids=["not wanted", "broken"],
)
def test_stream_that_is_never_sent_gives_its_connection_back(
    library: App, client: httpx2.Client, method: str, path: str, status: int
) -> None:
    response = client.request(method, path)

    assert response.status_code == status
    assert connections_in_use(library) == 0


def test_request_that_finds_no_connection_is_told_to_come_again(
    library: App, client: httpx2.Client
) -> None:
    with held_connection(library, client):
        response = client.get("/books")

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert response.json().items() >= UNAVAILABLE.items()
    assert client.get("/books").status_code == 200


def test_instance_whose_connections_are_all_busy_is_ready(
    library: App, client: httpx2.Client
) -> None:
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


def test_session_that_is_used_after_the_answer_costs_no_connection(
    library: App, client: httpx2.Client, late_errors: list[str]
) -> None:
    for _ in range(20):
        # Servers break the connection; one of the clients here raises what they would see.
        with suppress(InvalidRequestError):
            client.post("/late")

    assert len(late_errors) == 20
    assert all("permanently closed" in error for error in late_errors)
    assert client.get("/count").json() == 20
    assert connections_in_use(library) == 0


def test_unit_of_work_is_committed_at_its_end(library: App, client: httpx2.Client) -> None:
    count, session = in_unit(library, client, [INSERT, COUNT])

    assert count == client.get("/count").json() == 1
    assert is_closed(library, client, session)
    assert connections_in_use(library) == 0


def test_unit_of_work_that_fails_is_rolled_back(library: App, client: httpx2.Client) -> None:
    for error in (ValueError(), Undone()):
        with pytest.raises(type(error)):
            in_unit(library, client, [INSERT], error=error)

    assert client.get("/count").json() == 0
    with pytest.raises(Kept):
        in_unit(library, client, [INSERT], error=Kept())
    assert client.get("/count").json() == 1


@pytest.mark.parametrize(("failures", "status"), [(2, 200), (3, 503)])
def test_work_that_may_succeed_at_once_is_repeated(
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
    event.listen(engine_of(library), "before_cursor_execute", fail)

    assert client.post("/work").status_code == status
    assert client.get("/count").json() == (1 if status == 200 else 0)


def test_work_that_fails_is_not_repeated(library: App, client: httpx2.Client) -> None:
    begun: list[object] = []
    event.listen(engine_of(library), "begin", begun.append)

    assert client.post("/orphans/made").status_code == 409
    assert len(begun) == 1


@pytest.mark.parametrize("kind", ["read", "snapshot"])
def test_unit_of_work_that_reads_cannot_write(
    library: App, client: httpx2.Client, kind: str
) -> None:
    assert in_unit(library, client, [COUNT], kind)[0] == 0
    with pytest.raises(RuntimeError, match=r"`database\.begin\(\)`"):
        in_unit(library, client, [INSERT], kind)

    assert client.get("/count").json() == 0
    assert in_unit(library, client, [INSERT, COUNT])[0] == 1


def test_database_that_is_not_there_is_unavailable(
    connect: Callable[..., App], caplog: pytest.LogCaptureFixture
) -> None:
    app = connect(database_url=NOWHERE)
    route_statements(app, "/one", ["SELECT 1"])

    with client_for(app) as client:
        statuses = {path: client.get(path).status_code for path in ("/livez", "/readyz", "/one")}
        response = client.get("/one")

    assert statuses == {"/livez": 200, "/readyz": 503, "/one": 503}
    assert "the database is unavailable: " in caplog.text
    assert response.headers["Retry-After"] == "5"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.json().items() >= UNAVAILABLE.items()


def test_errors_do_not_show_what_was_sent_to_the_database(library: App) -> None:
    assert engine_of(library).hide_parameters


def test_moments_keep_their_offset() -> None:
    moment = datetime(2026, 1, 31, 13, tzinfo=timezone(timedelta(hours=1)))

    stored = UtcDateTime().process_bind_param(moment, DIALECT)

    assert stored == datetime(2026, 1, 31, 12, tzinfo=UTC)
    without_zone = stored.replace(tzinfo=None)
    assert UtcDateTime().process_result_value(without_zone, DIALECT) == moment
    assert datetime.now(UTC) <= now() <= datetime.now(UTC)


def test_moments_need_an_offset() -> None:
    with pytest.raises(ValueError, match="timezone-aware"):
        UtcDateTime().process_bind_param(now().replace(tzinfo=None), DIALECT)


def test_databases_that_are_not_for_tests_are_refused() -> None:
    assert url_for_tests("any://localhost/service_test").database == "service_test"
    for url in ("any:///service.db", "any://localhost/service", "any://"):
        with pytest.raises(ValueError, match="does not end in _test"):
            url_for_tests(url)
