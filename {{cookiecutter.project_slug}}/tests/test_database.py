"""The database: what a request does to it, and what becomes of a request that it fails."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from importlib import import_module
from typing import Any

import httpx2
import pytest
from sqlalchemy import event
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from .conftest import (
    PACKAGE,
    App,
    IsolatedSettings,
    ProblemError,
    UtcDateTime,
    create_app,
    now,
)
from .databases import make_empty_database, url_for_tests
from .embedded import NOWHERE, is_transaction
from .framework import client_for
from .sessions import (
    engine_of,
    held_connection,
    route_echo,
    route_object,
    route_statements,
    route_stream,
)

DIALECT = DefaultDialect()
UNAVAILABLE = {
    "type": "about:blank",
    "title": "Service Unavailable",
    "status": 503,
    "detail": "The database is not available.",
}
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
def library(connect: Callable[..., App]) -> App:
    """An application with two tables, and endpoints that write to them."""
    app = connect()
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
    route_statements(app, "/count", ["SELECT count(*) FROM authors"])
    for error in (Undone(), Kept()):
        name = f"/{type(error).__name__}"
        route_statements(app, name, ["INSERT INTO authors VALUES (3)"], "POST", error)
    route_object(app, "/authors/added", lambda: Author(id=4))
    route_echo(app, "/echo")
    route_stream(app, "/stream", "SELECT count(*) FROM books", 3)
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


def test_change_of_a_safe_request_is_stored_too(client: httpx2.Client) -> None:
    assert client.get("/authors/added").status_code == 200
    assert client.get("/count").json() == 1


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


@pytest.mark.parametrize("path", ["/orphans", "/orphans/kept"])
def test_constraint_that_fails_at_the_commit_reaches_the_client(
    client: httpx2.Client, path: str
) -> None:
    response = client.post(path)

    assert response.status_code == 409
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["detail"] == "It does not go with what is stored already."
    assert client.get("/books").json() == client.get("/books").json() == 0


def test_safe_request_needs_no_transaction(library: App, client: httpx2.Client) -> None:
    begun: list[bool] = []
    event.listen(engine_of(library), "begin", lambda each: begun.append(is_transaction(each)))

    client.get("/books")
    client.post("/authors")

    assert begun == [False, True]


def connections_in_use(app: App) -> int:
    """Count the connections that are not in their pool."""
    pool: Any = engine_of(app).pool
    count: int = pool.checkedout()
    return count


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
        readiness = client.get("/readyz")

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert response.json().items() >= UNAVAILABLE.items()
    assert readiness.json()["checks"] == {"database": "failed"}
    assert client.get("/books").status_code == 200


def test_database_that_is_not_there_is_unavailable(connect: Callable[..., App]) -> None:
    app = connect(database_url=NOWHERE)
    route_statements(app, "/one", ["SELECT 1"])

    with client_for(app) as client:
        statuses = {path: client.get(path).status_code for path in ("/livez", "/readyz", "/one")}
        response = client.get("/one")

    assert statuses == {"/livez": 200, "/readyz": 503, "/one": 503}
    assert response.headers["Retry-After"] == "5"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.json().items() >= UNAVAILABLE.items()


def test_request_that_may_be_repeated_is(
    library: App, client: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [OperationalError("", {}, Exception("deadlock")) for _ in range(2)]

    def fail(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if failures and not statement.startswith("BEGIN"):
            raise failures.pop()

    database_errors = import_module(f"{PACKAGE}.database_errors")
    monkeypatch.setattr(database_errors, "is_transient", lambda error: True)
    monkeypatch.setattr(database_errors, "is_unavailable", lambda error: True)
    event.listen(engine_of(library), "before_cursor_execute", fail)

    assert client.put("/echo", json=[1, 2]).json() == [1, 2]
    failures[:] = [OperationalError("", {}, Exception("deadlock")) for _ in range(2)]
    returned: list[object] = []
    event.listen(engine_of(library), "checkin", lambda *connection: returned.append(connection))
    assert client.get("/stream").status_code == 200
    assert len(returned) == 3
    failures[:] = [OperationalError("", {}, Exception("deadlock")) for _ in range(3)]
    assert client.put("/echo", json=[1, 2]).status_code == 503
    failures[:] = [OperationalError("", {}, Exception("deadlock"))]
    assert client.post("/authors").status_code == 503
    assert client.post("/authors").status_code == 200


def test_moments_keep_their_offset() -> None:
    moment = datetime(2026, 1, 31, 13, tzinfo=timezone(timedelta(hours=1)))

    stored = UtcDateTime().process_bind_param(moment, DIALECT)

    assert stored == datetime(2026, 1, 31, 12, tzinfo=UTC)
    without_zone = stored.replace(tzinfo=None)
    assert UtcDateTime().process_result_value(without_zone, DIALECT) == moment
    assert now() - datetime.now(UTC) < timedelta(seconds=1)


def test_moments_need_an_offset() -> None:
    with pytest.raises(ValueError, match="offset"):
        UtcDateTime().process_bind_param(now().replace(tzinfo=None), DIALECT)


def test_databases_that_are_not_for_tests_are_refused() -> None:
    assert url_for_tests("any://localhost/service_test").database == "service_test"
    for url in ("any:///service.db", "any://localhost/service", "any://"):
        with pytest.raises(ValueError, match="does not end in _test"):
            url_for_tests(url)
