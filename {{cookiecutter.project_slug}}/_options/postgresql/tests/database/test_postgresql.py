"""Behaviour specific to PostgreSQL."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from shutil import copytree
from typing import Any

import httpx2
import psycopg
import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.exc import IntegrityError

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.database import engine

from ..support.databases import make_database, make_empty_database
from ..support.framework import App, client_for
from ..support.migrations import MIGRATIONS, write_migration
from ..support.sessions import get_engine, route_statements, route_work
from ..support.settings import PACKAGE, IsolatedSettings

# `fail` raises an error on its first calls. Sequences count the calls, as no rollback resets them.
SCHEMA = """
CREATE SEQUENCE attempts;
CREATE FUNCTION fail(code text, times int) RETURNS bigint AS $$
    DECLARE attempt bigint := nextval('attempts');
    BEGIN
        IF attempt <= times THEN RAISE EXCEPTION USING ERRCODE = code; END IF;
        RETURN attempt;
    END
$$ LANGUAGE plpgsql;
CREATE TABLE counters (id int PRIMARY KEY, balance int);
INSERT INTO counters VALUES (1, 0), (2, 0);
CREATE FUNCTION change(counter int) RETURNS void AS $$
    UPDATE counters SET balance = balance + 1 WHERE id = counter
$$ LANGUAGE sql;
CREATE FUNCTION terminate_once() RETURNS bigint AS $$
    DECLARE attempt bigint := nextval('attempts');
    BEGIN
        IF attempt = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
        RETURN attempt;
    END
$$ LANGUAGE plpgsql;
-- Terminates the connection at the COMMIT.
CREATE FUNCTION terminate_trigger() RETURNS trigger AS $$ BEGIN PERFORM terminate_once(); RETURN NULL; END $$ LANGUAGE plpgsql;
CREATE TABLE commits (id int);
CREATE CONSTRAINT TRIGGER terminating AFTER INSERT ON commits
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION terminate_trigger();
DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = 20', current_database());
END $$;
"""
# A statement, its result in a safe request, and in another one, if DATABASE_URL is a pooler.
POOLED = [
    ("SHOW statement_timeout", "10s", "10s"),
    ("SHOW lock_timeout", "5s", "5s"),
    ("SHOW timezone", "UTC", "UTC"),
    ("SHOW transaction_read_only", "on", "off"),
    ("SHOW default_transaction_read_only", "off", "off"),
    ("SELECT reset_val FROM pg_settings WHERE name = 'statement_timeout'", "0", "0"),
    ("SELECT count(*) FROM pg_prepared_statements", 0, 0),
]
# The second replica waits for the first one, which creates an index without waiting for its transaction.
MIGRATIONS_OF_AN_ENUM = {
    "a type": """
    op.execute("CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE moods (mood mood)")
""",
    "a value": """
    op.execute("ALTER TYPE mood ADD VALUE 'glad'")
""",
    "a row": """
    op.execute("INSERT INTO moods VALUES ('glad')")
""",
    "an index": """
    op.execute("SELECT pg_sleep(2)")
    with op.get_context().autocommit_block():
        op.create_index("ix_moods", "moods", ["mood"], postgresql_concurrently=True)
""",
}
# Terminates its own connection on the first call.
TERMINATE_ONCE = "SELECT terminate_once()"
# Terminates all other connections, and waits until they are closed.
TERMINATE = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
def database_url() -> SecretStr:
    return make_database()


@pytest.fixture
def admin(database_url: SecretStr) -> Iterator[psycopg.Connection[Any]]:
    """Yield a separate connection to the database."""
    with psycopg.connect(database_url.get_secret_value(), autocommit=True) as connection:
        connection.execute(SCHEMA)
        yield connection


@pytest.fixture
def timeouts() -> dict[str, float]:
    """Return the timeouts that a test overrides; long defaults suit slow machines."""
    return {}


@pytest.fixture
def app(database_url: SecretStr, timeouts: dict[str, float]) -> App:
    app = create_app(IsolatedSettings.model_validate({"database_url": database_url} | timeouts))
    for method in ("GET", "PUT", "POST"):
        route_statements(app, f"/{method}", ["SELECT 1"], method)
        for code in ("40001", "40P01", "23505", "42601", "53300"):
            path = f"/{code}/{method}"
            route_statements(app, path, [f"SELECT fail('{code}', 2)"], method)
    for method in ("GET", "POST"):
        path = f"/read_only/{method}"
        route_statements(app, path, ["SHOW transaction_read_only"], method)
    route_statements(app, "/locked", ["UPDATE counters SET balance = 1 WHERE id = 1"], "POST")
    for code in ("40001", "40P01"):
        for times in (2, 3):
            work = ["SELECT change(1)", f"SELECT fail('{code}', {times})"]
            route_work(app, f"/{code}/{times}/work", work)
    route_statements(app, "/broken", ["SELECT change(1)", TERMINATE_ONCE], "PUT")
    route_work(app, "/broken/work", ["SELECT change(1)", TERMINATE_ONCE])
    route_work(app, "/broken/commit", ["INSERT INTO commits VALUES (1)"])
    for one, other in ((1, 2), (2, 1)):
        work = [f"SELECT change({one})", "SELECT pg_sleep(0.05)", f"SELECT change({other})"]
        route_work(app, f"/from/{one}/work", work)
    return app


@pytest.fixture
def client(app: App, admin: object) -> Iterator[httpx2.Client]:
    with client_for(app) as client:
        yield client


@pytest.mark.parametrize(
    "url",
    ["postgresql+asyncpg://host/database", "postgresql", "host", "mysql://host"],
)
def test_other_urls_are_rejected(url: str) -> None:
    with pytest.raises(ValidationError, match="must be a PostgreSQL URL"):
        IsolatedSettings.model_validate({"database_url": url})


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_urls_of_hosts_are_accepted(scheme: str) -> None:
    settings = IsolatedSettings(database_url=SecretStr(f"{scheme}://host/database"))

    url = engine.url_of(settings)
    assert (url.drivername, url.host) == ("postgresql+psycopg", "host")


@pytest.mark.parametrize(
    ("in_url", "in_environment", "expected"),
    [
        ("-csearch_path=tenant", "", ("tenant", "10s")),
        ("-csearch_path=tenant -cstatement_timeout=20s", "-csearch_path=other", ("tenant", "20s")),
        ("", "-csearch_path=other", ("other", "10s")),
    ],
)
def test_options_of_the_url_and_the_environment_are_kept(
    database_url: SecretStr,
    monkeypatch: pytest.MonkeyPatch,
    in_url: str,
    in_environment: str,
    expected: tuple[str, str],
) -> None:
    url = make_url(database_url.get_secret_value())
    if in_url:
        url = url.update_query_dict({"options": in_url})
    monkeypatch.setenv("PGOPTIONS", in_environment)
    secret = SecretStr(url.render_as_string(hide_password=False))
    settings = IsolatedSettings(database_url=secret)
    app = create_app(settings)
    for name in ("search_path", "statement_timeout"):
        route_statements(app, f"/{name}", [f"SHOW {name}"])

    with client_for(app) as client:
        found = [client.get(f"/{name}").json() for name in ("search_path", "statement_timeout")]
    with engine.migration_engine(settings).connect() as connection:
        schema = connection.scalar(text("SHOW search_path"))

    assert tuple(found) == expected
    assert schema == expected[0]


def test_nothing_outlives_a_transaction_with_pooling(database_url: SecretStr) -> None:
    app = create_app(
        IsolatedSettings(
            database_url=database_url, database_pool_size=1, database_transaction_pooling=True
        )
    )
    for method in ("GET", "POST"):
        for number, (statement, _, _) in enumerate(POOLED):
            route_statements(app, f"/{method}/{number}", [statement], method)
        route_statements(app, f"/{method}/write", ["CREATE TABLE things (id int)"], method)

    with client_for(app) as client:
        for _ in range(7):
            for number, (_, read, write) in enumerate(POOLED):
                assert client.get(f"/GET/{number}").json() == read
                assert client.post(f"/POST/{number}").json() == write
        assert client.get("/GET/write").status_code == 500
        assert client.post("/POST/write").status_code == 200
        assert client.get("/readyz").status_code == 200


def test_concurrent_upgrades_run_statements_outside_of_transactions(
    environment: pytest.MonkeyPatch, database_url: SecretStr, versions: Path
) -> None:
    for name, statements in MIGRATIONS_OF_AN_ENUM.items():
        write_migration(environment, database_url, versions, name, statements)
    project = versions.parents[1]
    copytree(MIGRATIONS.parent / PACKAGE, project / PACKAGE)
    environment.setenv("DATABASE_URL", database_url.get_secret_value())
    environment.setenv("PYTHONPATH", str(project))
    upgrade = [sys.executable, "-m", PACKAGE, "db", "upgrade"]

    replicas = [subprocess.Popen(upgrade, cwd=project) for _ in range(2)]

    assert [replica.wait(timeout=60) for replica in replicas] == [0, 0]
    with psycopg.connect(database_url.get_secret_value()) as connection:
        found = connection.execute("SELECT mood FROM moods").fetchall()
        index = connection.execute(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_moods'::regclass"
        ).fetchall()
    assert (found, index) == ([("glad",)], [(True,)])


def test_migrations_take_turns(database_url: SecretStr, monkeypatch: pytest.MonkeyPatch) -> None:
    migrations = engine.migration_engine(IsolatedSettings(database_url=database_url))
    first = ExitStack()
    first.enter_context(engine.migration_lock(migrations))
    waits: list[float] = []

    def end_the_first(seconds: float) -> None:
        waits.append(seconds)
        first.close()

    monkeypatch.setattr(f"{PACKAGE}.database.engine.sleep", end_the_first)
    with engine.migration_lock(migrations):
        assert waits == [engine.MIGRATION_LOCK_INTERVAL]


def test_database_url_is_required(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("DATABASE_URL")

    with pytest.raises(ValidationError, match=r"database_url\n.*is required"):
        Settings()


@pytest.mark.parametrize("code", ["40001", "40P01"])
def test_transient_errors_are_retried(
    client: httpx2.Client, admin: psycopg.Connection[Any], code: str
) -> None:
    assert client.post(f"/{code}/2/work").json() == 3
    # The first two attempts were rolled back.
    assert admin.execute("SELECT balance FROM counters WHERE id = 1").fetchone() == (1,)
    admin.execute("ALTER SEQUENCE attempts RESTART")
    assert client.post(f"/{code}/3/work").status_code == 503


def test_lost_connection_is_retried(client: httpx2.Client, admin: psycopg.Connection[Any]) -> None:
    assert client.post("/broken/work").json() == 2
    assert admin.execute("SELECT balance FROM counters WHERE id = 1").fetchone() == (1,)


def test_lost_connection_at_the_commit_is_not_retried(
    client: httpx2.Client, admin: psycopg.Connection[Any]
) -> None:
    assert client.post("/broken/commit").status_code == 503
    assert admin.execute("SELECT last_value FROM attempts").fetchone() == (1,)


def test_deadlock_is_retried(client: httpx2.Client, admin: psycopg.Connection[Any]) -> None:
    with ThreadPoolExecutor(2) as pool:
        responses = list(pool.map(client.post, ["/from/1/work", "/from/2/work"]))

    assert [response.status_code for response in responses] == [200, 200]
    assert admin.execute("SELECT sum(balance) FROM counters").fetchone() == (4,)


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(
    ("code", "status"),
    [("40001", 503), ("40P01", 503), ("53300", 503), ("23505", 409), ("42601", 500)],
)
def test_failed_request_is_not_retried(
    client: httpx2.Client, admin: psycopg.Connection[Any], code: str, status: int, method: str
) -> None:
    response = client.request(method, f"/{code}/{method}")

    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert ("Retry-After" in response.headers) == (status == 503)
    assert admin.execute("SELECT last_value FROM attempts").fetchone() == (1,)


def test_request_with_a_lost_connection_is_not_retried(
    client: httpx2.Client, admin: psycopg.Connection[Any]
) -> None:
    assert client.put("/broken").status_code == 503
    assert admin.execute("SELECT last_value FROM attempts").fetchone() == (1,)


def test_only_write_transactions_can_write(client: httpx2.Client) -> None:
    for _ in range(2):
        assert client.get("/read_only/GET").json() == "on"
        assert client.post("/read_only/POST").json() == "off"


def test_engine_works_without_poll(
    database_url: SecretStr, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("selectors.PollSelector")
    monkeypatch.delitem(sys.modules, f"{PACKAGE}.database.engine")
    module = import_module(f"{PACKAGE}.database.engine")
    engine = create_engine(module.url_of(IsolatedSettings(database_url=database_url)))
    module.prepare(engine)

    for _ in range(2):
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT 1")) == 1
    engine.dispose()


def test_connections_have_network_timeouts(app: App, client: httpx2.Client) -> None:
    connected: list[psycopg.Connection[Any]] = []
    event.listen(
        get_engine(app), "connect", lambda _, record: connected.append(record.driver_connection)
    )

    client.get("/GET")

    timeouts = {
        "connect_timeout": "5",
        "tcp_user_timeout": "5000",
        "keepalives_idle": "5",
        "keepalives_interval": "1",
    }
    assert connected[0].info.get_parameters().items() >= timeouts.items()


def test_idle_transactions_time_out(app: App, client: httpx2.Client) -> None:
    route_statements(app, "/idle", ["SHOW idle_in_transaction_session_timeout"])

    assert client.get("/idle").json() == "1min"


@pytest.mark.parametrize("timeouts", [{"database_lock_timeout": 0.1}])
def test_lock_wait_times_out(client: httpx2.Client, admin: psycopg.Connection[Any]) -> None:
    with admin.transaction():
        admin.execute("SELECT * FROM counters FOR UPDATE")
        assert client.post("/locked").status_code == 503
    assert client.post("/locked").status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_request_after_a_database_restart_succeeds(
    client: httpx2.Client, admin: psycopg.Connection[Any], method: str
) -> None:
    assert client.request(method, f"/{method}").status_code == 200
    admin.execute(TERMINATE)

    assert client.request(method, f"/{method}").status_code == 200
    assert client.get("/readyz").status_code == 200


def test_error_names_its_constraint() -> None:
    with psycopg.connect(make_empty_database().get_secret_value()) as connection:
        connection.execute("CREATE TEMPORARY TABLE things (name text CONSTRAINT uq_slug UNIQUE)")
        connection.execute("INSERT INTO things VALUES ('lamp')")
        with pytest.raises(psycopg.errors.UniqueViolation) as violated:
            connection.execute("INSERT INTO things VALUES ('lamp')")

    assert engine.constraint_of(IntegrityError("", {}, violated.value)) == "uq_slug"
    assert engine.constraint_of(IntegrityError("", {}, Exception())) is None
