"""Accounts in Flask: connections during slow bodies, and headers after a failed commit."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import RawIOBase
from typing import Any, NoReturn

import httpx2
import pytest
from sqlalchemy import Connection, event
from werkzeug.test import create_environ, run_wsgi_app

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.accounts import dependencies
from {{ cookiecutter.package_name }}.accounts.exceptions import PasswordsBusy
from {{ cookiecutter.package_name }}.config import Settings

from ..support.databases import make_database
from ..support.framework import App, client_for, operation
from ..support.sessions import get_engine
from .account_requests import authorization, log_in, register, sign_up

CONTENT = b"[1, 2]"


class SlowBody(RawIOBase):
    """A body that arrives byte by byte and calls a function before each byte."""

    def __init__(self, count: Callable[[], int]) -> None:
        self.content = iter(CONTENT)
        self.count, self.counts = count, set[int]()

    def readinto(self, buffer: Any) -> int:
        self.counts.add(self.count())
        byte = next(self.content, None)
        buffer[:1] = b"" if byte is None else bytes([byte])
        return byte is not None


@pytest.fixture
def app(settings: Settings) -> App:
    return create_app(settings.model_copy(update={"database_url": make_database()}))


@pytest.fixture
def client(app: App) -> Iterator[httpx2.Client]:
    with client_for(app) as client:
        yield client


def test_slow_body_holds_no_connection(app: App, client: httpx2.Client) -> None:
    def add_up(body: list[int]) -> int:
        return sum(body)

    secured = operation(app, add_up, security=dependencies.active_user)
    app.add_url_rule("/sum", view_func=secured, methods=["POST"])
    headers = authorization(sign_up(client))
    pool: Any = get_engine(app).pool
    body = SlowBody(pool.checkedout)
    environ = create_environ(
        "/sum", method="POST", headers=headers, content_type="application/json"
    )

    sent = {"wsgi.input": body, "CONTENT_LENGTH": str(len(CONTENT))}
    content, status, _ = run_wsgi_app(app, environ | sent)

    assert (status, b"".join(content)) == ("200 OK", b"3")
    assert body.counts == {0}


def test_rate_limit_headers_are_sent_after_a_failed_commit(app: App, client: httpx2.Client) -> None:
    def fail(connection: Connection) -> NoReturn:
        # A failed COMMIT ends the transaction.
        connection.connection.rollback()
        raise LookupError("at the commit")

    email = register(client).json()["email"]
    event.listen(get_engine(app), "commit", fail)

    response = log_in(client, email)

    assert response.status_code == 500
    assert response.headers["RateLimit"].startswith('"account-from-address";r=')
    pool: Any = get_engine(app).pool
    assert pool.checkedout() == 0


@pytest.mark.parametrize(("threads", "slots"), [(4, 1), (8, 3)])
def test_most_threads_are_left_for_other_requests_than_logins(
    settings: Settings, threads: int, slots: int
) -> None:
    app = create_app(settings.model_copy(update={"threads": threads}))
    with app.app_context(), ExitStack() as taken:
        pool = dependencies.get_hashing_pool()
        for _ in range(slots):
            taken.enter_context(pool.hashing_slot())

        with pytest.raises(PasswordsBusy), pool.hashing_slot():
            pass
