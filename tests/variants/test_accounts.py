"""Accounts behind a server: what the tests of a project, which speak to no server, cannot see."""

import os
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from urllib.error import HTTPError

import pytest

from tests.support.accounts import ACCOUNTS, grant, log_in, register
from tests.support.environments import environment
from tests.support.extension import OPEN, SECRET_KEY
from tests.support.server import Server
from tests.support.variants import Variant

pytestmark = [pytest.mark.check("accounts"), pytest.mark.variants("example=posts,auth=accounts")]


def service(project: Path, variant: Variant) -> Server:
    return Server(
        "python -m my_service serve",
        folder=project,
        binaries=environment(project, variant.python),
        **{"ENVIRONMENT": "test", "SECRET_KEY": SECRET_KEY, **OPEN},
    )


def status_of(server: Server, *authorization: str) -> int:
    """Ask who I am, with as many headers as are wanted."""
    lines = [f"GET {ACCOUNTS}/me HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *authorization, "", ""]
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall("\r\n".join(lines).encode())
        return int(connection.makefile("rb").readline().split()[1])


def test_one_header_is_taken_and_two_are_refused(project: Path, variant: Variant) -> None:
    with service(project, variant) as server:
        header = f"Authorization: Bearer {log_in(server, register(server))['access_token']}"

        assert status_of(server, header) == 200
        assert status_of(server, header, header) == 401
        assert status_of(server, header, "authorization: Bearer of.another.token") == 401
        assert status_of(server) == 401


def test_logins_that_are_too_many_at_once_are_told_to_come_back(project: Path, variant: Variant) -> None:
    with service(project, variant) as server:
        email = register(server)
        with logins(server, email, 30) as refused:
            server.wait_until(lambda: len(refused) >= 10)
            assert server.get("/livez")[0] == 200

        assert set(refused) == {(503, "1")}
        assert log_in(server, email)


@contextmanager
def logins(server: Server, email: str, number: int) -> Iterator[list[tuple[int, str | None]]]:
    """Log in again and again, so many at once; give the statuses and `Retry-After` of what was refused so far."""
    refused: list[tuple[int, str | None]] = []
    enough = Event()

    def log_in_again() -> None:
        while not enough.is_set():
            try:
                log_in(server, email)
            except HTTPError as error:
                with error:
                    refused.append((error.code, error.headers["Retry-After"]))
                enough.wait(0.1)

    with ThreadPoolExecutor(number) as pool:
        running = [pool.submit(log_in_again) for _ in range(number)]
        try:
            yield refused
        finally:
            enough.set()
    for each in running:
        each.result()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has priorities for threads")
def test_what_hashes_passwords_gives_way_to_everything_else(project: Path, variant: Variant) -> None:
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    with service(project, variant) as server:
        assert server.process
        assert server.get("/livez")[0] == 200
        assert niceness(server.process.pid) == {ours}

        log_in(server, register(server))
        assert niceness(server.process.pid) == {ours, min(ours + 10, 19)}


def niceness(pid: int) -> set[int]:
    """Return that of all threads of a process and of those it has started."""
    found: set[int] = set()
    for thread in Path(f"/proc/{pid}/task").iterdir():
        # A thread may have ended meanwhile.
        with suppress(FileNotFoundError, ProcessLookupError):
            found.add(os.getpriority(os.PRIO_PROCESS, int(thread.name)))
            for child in (thread / "children").read_text(encoding="ascii").split():
                found |= niceness(int(child))
    return found


@pytest.mark.slow
def test_accounts_and_logins_outlive_a_restart_between_any_two_steps(project: Path, variant: Variant) -> None:
    with service(project, variant) as server:
        email = register(server)
    with service(project, variant) as server:
        first = log_in(server, email)
    with service(project, variant) as server:
        assert status_of(server, f"Authorization: Bearer {first['access_token']}") == 200
        second = renewed(server, first)
    with service(project, variant) as server:
        third = renewed(server, second)
        assert status_of(server, f"Authorization: Bearer {third['access_token']}") == 200
    with service(project, variant) as server, pytest.raises(HTTPError, match="400"):
        renewed(server, first)
    with service(project, variant) as server:
        assert status_of(server, f"Authorization: Bearer {third['access_token']}") == 401
        with pytest.raises(HTTPError, match="400"):
            renewed(server, third)


def renewed(server: Server, tokens: dict[str, str]) -> dict[str, str]:
    return grant(server, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
