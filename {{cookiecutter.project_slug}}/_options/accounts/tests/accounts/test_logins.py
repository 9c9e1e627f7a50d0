"""Logins: begun with a password, renewed with tokens that are valid once, ended."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.accounts import passwords
from {{ cookiecutter.package_name }}.config import Settings

from ..support.databases import make_database
from ..support.framework import App, client_for
from ..support.sessions import route_statements
from .people import (
    ACCOUNTS,
    PASSWORD,
    TOKEN,
    authorization,
    log_in,
    read_me,
    refresh,
    register,
    sign_up,
)


@pytest.fixture(scope="module")
def database_url() -> SecretStr:
    """A database that these tests change."""
    return make_database("logins")


@pytest.fixture(scope="module")
def app(settings: Settings, database_url: SecretStr) -> App:
    own = {"database_url": database_url, "log_level": "WARNING"}
    app = create_app(settings.model_copy(update=own))
    route_statements(app, "/expire", ["UPDATE logins SET expires_at = created_at"], "POST")
    route_statements(app, "/count", ["SELECT count(*) FROM logins"])
    route_statements(app, "/delete", ["DELETE FROM users"], "POST")
    return app


@pytest.fixture(scope="module")
def client(app: App) -> Iterator[httpx2.Client]:
    with client_for(app) as client:
        yield client


def post(client: httpx2.Client, path: str, tokens: dict[str, Any]) -> int:
    return client.post(f"{ACCOUNTS}/{path}", headers=authorization(tokens)).status_code


def test_tokens_are_what_oauth_says(client: httpx2.Client) -> None:
    response = log_in(client, register(client).json()["email"])

    assert response.headers["Cache-Control"] == "no-store"
    assert response.json().keys() == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (response.json()["token_type"], response.json()["expires_in"]) == ("Bearer", 600)
    assert len(response.json()["refresh_token"]) == 43


def test_refresh_token_is_replaced(client: httpx2.Client) -> None:
    first = sign_up(client)

    second = refresh(client, first).json()
    third = refresh(client, second).json()

    assert len({each["refresh_token"] for each in (first, second, third)}) == 3
    assert [read_me(client, each).status_code for each in (first, second, third)] == [200] * 3


def test_reused_refresh_token_ends_its_login_and_no_other(client: httpx2.Client) -> None:
    email = register(client).json()["email"]
    stolen, other = (log_in(client, email).json() for _ in range(2))
    renewed = refresh(client, stolen).json()

    assert refresh(client, stolen).status_code == 401

    # The answer was 401, and what it did is stored all the same.
    assert refresh(client, renewed).status_code == 401
    assert read_me(client, renewed).status_code == 401
    assert read_me(client, other).status_code == 200
    assert refresh(client, other).status_code == 200


def test_many_at_once_leave_one_token_or_none(client: httpx2.Client) -> None:
    tokens = sign_up(client)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: refresh(client, tokens), range(50)))

    statuses = Counter(answer.status_code for answer in answers)
    assert statuses == {200: 1, 401: 49}
    renewed = [answer.json() for answer in answers if answer.status_code == 200]
    assert [refresh(client, each).status_code for each in renewed] == [401]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"username": "alice@example.com"},
        {"password": "a password of the tests alone"},
        {"grant_type": "refresh_token"},
        {"grant_type": "refresh_token", "refresh_token": ""},
        {"grant_type": "client_credentials"},
        {"username": "a" * 255, "password": "a"},
        {"username": "alice@example.com", "password": "a" * 1025},
        {"grant_type": "refresh_token", "refresh_token": "a" * 201},
    ],
)
def test_form_that_does_not_fit_is_refused(client: httpx2.Client, form: dict[str, str]) -> None:
    response = client.post(TOKEN, data=form)

    assert response.status_code == 422
    assert {each["location"] for each in response.json()["errors"]} == {"body"}


def test_form_is_a_form(client: httpx2.Client) -> None:
    body = {"username": "alice@example.com", "password": "a password of the tests alone"}

    assert client.post(TOKEN, json=body).status_code == 422


@pytest.mark.parametrize("token", ["a", "\0", "é" * 43, "a" * 200])
def test_unknown_refresh_token_is_refused(client: httpx2.Client, token: str) -> None:
    assert refresh(client, {"refresh_token": token}).status_code == 401


def test_login_ends(client: httpx2.Client) -> None:
    email = register(client).json()["email"]
    here, elsewhere, later = (log_in(client, email).json() for _ in range(3))

    assert post(client, "logout", here) == 204
    assert [read_me(client, each).status_code for each in (here, elsewhere)] == [401, 200]
    assert refresh(client, here).status_code == 401
    assert post(client, "logout-everywhere", elsewhere) == 204
    assert [read_me(client, each).status_code for each in (elsewhere, later)] == [401, 401]
    assert post(client, "logout", here) == post(client, "logout-everywhere", here) == 401


def test_login_is_over_some_day_and_is_forgotten_then(client: httpx2.Client) -> None:
    email = register(client).json()["email"]
    tokens = log_in(client, email).json()
    client.post("/expire")
    before = client.get("/count").json()

    assert refresh(client, tokens).status_code == 401
    assert log_in(client, email).status_code == 200
    assert client.get("/count").json() == before


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Let something happen once, after a password was verified and before anything is done with the outcome."""

    def do(action: Callable[[], object]) -> None:
        pool_class = passwords.HashingPool
        verify = pool_class.verify

        def verify_then_act(
            pool: passwords.HashingPool, password: str, password_hash: str | None
        ) -> tuple[bool, str | None]:
            outcome: tuple[bool, str | None] = verify(pool, password, password_hash)
            monkeypatch.setattr(pool_class, "verify", verify)
            action()
            return outcome

        monkeypatch.setattr(pool_class, "verify", verify_then_act)

    return do


def test_password_that_changes_meanwhile_is_not_good_any_more(
    client: httpx2.Client, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    email = register(client).json()["email"]
    headers = authorization(log_in(client, email).json())
    body = {"current_password": PASSWORD, "new_password": f"{PASSWORD}, a new one"}
    changed: list[httpx2.Response] = []
    meanwhile(
        lambda: changed.append(client.put(f"{ACCOUNTS}/me/password", json=body, headers=headers))
    )

    assert log_in(client, email).status_code == 401
    assert [each.status_code for each in changed] == [204]


def test_account_that_is_deleted_meanwhile_cannot_log_in(
    client: httpx2.Client,
    meanwhile: Callable[[Callable[[], object]], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    email = register(client).json()["email"]
    meanwhile(lambda: client.post("/delete"))
    caplog.set_level("INFO")

    assert log_in(client, email).status_code == 401
    assert [vars(each).get("event") for each in caplog.records][-1:] == ["login refused"]
