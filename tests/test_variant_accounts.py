"""Accounts behind a server: what the tests of a project, which speak to no server, cannot see."""

import socket
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.accounts import ACCOUNTS, grant, log_in, register
from tests.environments import PYTHONS, environment
from tests.extension import OPEN, SECRET_KEY
from tests.serving import Server
from tests.variants import Variant

pytestmark = [pytest.mark.check("accounts"), pytest.mark.variants("auth=accounts")]


def service(project: Path) -> Server:
    return Server(
        "python -m my_service serve",
        folder=project,
        binaries=environment(project, PYTHONS[0]),
        **{"ENVIRONMENT": "test", "SECRET_KEY": SECRET_KEY, **OPEN},
    )


def status_of(server: Server, *authorization: str) -> int:
    """Ask who I am, with as many headers as are wanted."""
    lines = [f"GET {ACCOUNTS}/me HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *authorization, "", ""]
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall("\r\n".join(lines).encode())
        return int(connection.makefile("rb").readline().split()[1])


def test_one_header_is_taken_and_two_are_refused(project: Path, variant: Variant) -> None:
    with service(project) as server:
        header = f"Authorization: Bearer {log_in(server, register(server))['access_token']}"

        assert status_of(server, header) == 200
        assert status_of(server, header, header) == 401
        assert status_of(server, header, "authorization: Bearer of.another.token") == 401
        assert status_of(server) == 401


@pytest.mark.slow
def test_accounts_and_logins_outlive_a_restart_between_any_two_steps(project: Path, variant: Variant) -> None:
    with service(project) as server:
        email = register(server)
    with service(project) as server:
        first = log_in(server, email)
    with service(project) as server:
        assert status_of(server, f"Authorization: Bearer {first['access_token']}") == 200
        second = renewed(server, first)
    with service(project) as server:
        third = renewed(server, second)
        assert status_of(server, f"Authorization: Bearer {third['access_token']}") == 200
    with service(project) as server, pytest.raises(HTTPError, match="401"):
        renewed(server, first)
    with service(project) as server:
        assert status_of(server, f"Authorization: Bearer {third['access_token']}") == 401
        with pytest.raises(HTTPError, match="401"):
            renewed(server, third)


def renewed(server: Server, tokens: dict[str, str]) -> dict[str, str]:
    return grant(server, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
