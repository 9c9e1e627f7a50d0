"""Logins: access tokens, refresh token rotation, logout and expiry."""

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
from .account_requests import (
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
    """Return the URL of a database for tests that commit."""
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


def test_token_response_complies_with_oauth(client: httpx2.Client) -> None:
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


def test_refresh_token_reuse_revokes_only_its_login(client: httpx2.Client) -> None:
    email = register(client).json()["email"]
    stolen, other = (log_in(client, email).json() for _ in range(2))
    renewed = refresh(client, stolen).json()

    assert refresh(client, stolen).status_code == 400

    # The response was 400, but the revocation was committed.
    assert refresh(client, renewed).status_code == 400
    assert read_me(client, renewed).status_code == 401
    assert read_me(client, other).status_code == 200
    assert refresh(client, other).status_code == 200


def test_concurrent_refresh_succeeds_once_and_revokes_the_login(client: httpx2.Client) -> None:
    tokens = sign_up(client)

    with ThreadPoolExecutor(20) as pool:
        responses = list(pool.map(lambda _: refresh(client, tokens), range(50)))

    statuses = Counter(response.status_code for response in responses)
    assert statuses == {200: 1, 400: 49}
    renewed = [response.json() for response in responses if response.status_code == 200]
    assert [refresh(client, each).status_code for each in renewed] == [400]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"username": "alice@example.com"},
        {"password": "a password used only in tests"},
        {"grant_type": "refresh_token"},
        {"grant_type": "refresh_token", "refresh_token": ""},
        {"grant_type": "client_credentials"},
        {"username": "a" * 255, "password": "a"},
        {"username": "alice@example.com", "password": "a" * 1025},
        {"grant_type": "refresh_token", "refresh_token": "a" * 201},
    ],
)
def test_invalid_form_is_rejected(client: httpx2.Client, form: dict[str, str]) -> None:
    response = client.post(TOKEN, data=form)

    assert response.status_code == response.json()["status"] == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    is_known = form.get("grant_type") != "client_credentials"
    assert response.json()["error"] == ("invalid_request" if is_known else "unsupported_grant_type")
    assert {each["location"] for each in response.json()["errors"]} == {"body"}


def test_json_login_is_rejected(client: httpx2.Client) -> None:
    body = {"username": "alice@example.com", "password": "a password used only in tests"}

    response = client.post(TOKEN, json=body)

    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("token", ["a", "\0", "é" * 43, "a" * 200])
def test_unknown_refresh_token_is_rejected(client: httpx2.Client, token: str) -> None:
    response = refresh(client, {"refresh_token": token})

    assert (response.status_code, response.json()["error"]) == (400, "invalid_grant")
    assert "WWW-Authenticate" not in response.headers


def test_logout_revokes_the_login(client: httpx2.Client) -> None:
    email = register(client).json()["email"]
    current, other, third = (log_in(client, email).json() for _ in range(3))

    assert post(client, "logout", current) == 204
    assert [read_me(client, each).status_code for each in (current, other)] == [401, 200]
    assert refresh(client, current).status_code == 400
    assert post(client, "logout-everywhere", other) == 204
    assert [read_me(client, each).status_code for each in (other, third)] == [401, 401]
    assert post(client, "logout", current) == post(client, "logout-everywhere", current) == 401


def test_expired_login_is_rejected_and_deleted(client: httpx2.Client) -> None:
    email = register(client).json()["email"]
    tokens = log_in(client, email).json()
    client.post("/expire")
    before = client.get("/count").json()

    assert refresh(client, tokens).status_code == 400
    assert log_in(client, email).status_code == 200
    assert client.get("/count").json() == before


@pytest.fixture
def after_verify(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Return a function that runs an action once, between the verification and its use."""

    def run(action: Callable[[], object]) -> None:
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

    return run


def test_login_fails_if_the_password_changes_during_verification(
    client: httpx2.Client, after_verify: Callable[[Callable[[], object]], None]
) -> None:
    email = register(client).json()["email"]
    headers = authorization(log_in(client, email).json())
    body = {"current_password": PASSWORD, "new_password": f"{PASSWORD}, a new one"}
    changed: list[httpx2.Response] = []
    after_verify(
        lambda: changed.append(client.put(f"{ACCOUNTS}/me/password", json=body, headers=headers))
    )

    assert log_in(client, email).status_code == 400
    assert [each.status_code for each in changed] == [204]


def test_login_fails_if_the_account_is_deleted_during_verification(
    client: httpx2.Client,
    after_verify: Callable[[Callable[[], object]], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    email = register(client).json()["email"]
    after_verify(lambda: client.post("/delete"))
    caplog.set_level("INFO")

    assert log_in(client, email).status_code == 400
    events = [vars(each)["event"] for each in caplog.records if each.message == "security"]
    assert events[-1] == "login refused"
