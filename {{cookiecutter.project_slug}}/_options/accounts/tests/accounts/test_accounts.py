"""Registration, passwords, and disabled or deleted accounts."""

from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from time import perf_counter, sleep
from typing import Any

import httpx2
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import create_engine, event, text
from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]  # it has no types

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.accounts import passwords
from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.metadata import NAME

from ..support.databases import make_database
from ..support.framework import App, client_for
from ..support.sessions import get_engine, rolled_back, route_statements
from .account_requests import (
    ACCOUNTS,
    PASSWORD,
    authorization,
    log_in,
    new_email,
    read_me,
    refresh,
    register,
    sign_up,
)
from .conftest import ClientWith

NEW_PASSWORD = "another password used in tests"


def change_password(client: httpx2.Client, tokens: dict[str, Any], current: str) -> int:
    body = {"current_password": current, "new_password": NEW_PASSWORD}
    response = client.put(f"{ACCOUNTS}/me/password", json=body, headers=authorization(tokens))
    return response.status_code


def test_registered_account_is_returned(client: httpx2.Client) -> None:
    email = new_email()

    registered = register(client, email=email.upper())

    assert registered.status_code == 201
    assert registered.json().keys() == {"id", "email", "scope"}
    assert (registered.json()["email"], registered.json()["scope"]) == (email, "")
    tokens = log_in(client, f" {email.title()} ".strip()).json()
    assert read_me(client, tokens).json() == registered.json()


def test_registration_can_be_disabled(client_with: ClientWith) -> None:
    with client_with(registration=False) as client:
        response = register(client)

    assert response.status_code == 403
    assert response.json()["detail"] == "Registration is disabled."


def test_email_is_unique_regardless_of_case(client: httpx2.Client) -> None:
    email = register(client).json()["email"]

    response = register(client, email=email.upper())

    assert response.status_code == 409
    assert response.json()["detail"] == "The e-mail address is already registered."


def test_similar_emails_are_different_accounts(client: httpx2.Client) -> None:
    name = new_email().partition("@")[0]

    latin = register(client, email=f"{name}@example.com")
    cyrillic = register(client, email=f"{name}@ex\u0430mple.com")

    assert [latin.status_code, cyrillic.status_code] == [201, 201]
    assert cyrillic.json()["email"].endswith("@xn--exmple-4nf.com")


@pytest.mark.parametrize(
    "email",
    [
        "",
        "alice",
        "@example.com",
        "a b@example.com",
        "a@b",
        "a\0@example.com",
        "\u0430@example.com",
        f"{'a' * 250}@example.com",
        None,
        7,
    ],
)
def test_invalid_email_is_rejected(client: httpx2.Client, email: object) -> None:
    response = register(client, email=email)

    assert response.status_code == 422
    assert [each["pointer"] for each in response.json()["errors"]] == ["/email"]


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("a" * 11, "at least 12 characters"),
        ("a" * 1025, "at most 1024 characters"),
        ("Password@123", "Too easy to guess"),
        ("1qaz2wsx3edc", "Too easy to guess"),
        ("QWERTY123456", "Too easy to guess"),
        ("Relationship", "Too easy to guess"),
        ("aaaaaaaaaaaa", "Too easy to guess"),
        ("111111111111", "Too easy to guess"),
        ("abc123abc123", "Too easy to guess"),
        (" " * 12, "Too easy to guess"),
        ("\u00e9 \U0001f511 " * 256, "Too easy to guess"),
        ("\u0130" * 1024, "Too easy to guess"),
    ],
)
def test_weak_password_is_rejected(client: httpx2.Client, password: str, reason: str) -> None:
    response = register(client, password=password)

    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert (error["location"], error["pointer"]) == ("body", "/password")
    assert reason in error["detail"]
    assert password not in response.text


@pytest.mark.parametrize(
    "password",
    [
        "alice.miller@example.com",
        "alice.miller",
        "Alice.Miller1",
        "Miller, Alice",
        "AliceMiller2026",
        f"{NAME}-{NAME}-1",
    ],
)
def test_password_derived_from_email_or_service_is_rejected(
    client: httpx2.Client, password: str
) -> None:
    email = "alice.miller@example.com"
    other = register(client, password=f"{PASSWORD[::-1]} {password}").json()["email"]

    response = register(client, email=email, password=password)

    assert response.status_code == 422
    assert [each["pointer"] for each in response.json()["errors"]] == ["/password"]
    assert log_in(client, other, f"{PASSWORD[::-1]} {password}").status_code == 200
    assert register(client, email=email).status_code == 201


def test_new_password_derived_from_email_is_rejected(client: httpx2.Client) -> None:
    email = register(client).json()["email"]
    tokens = log_in(client, email).json()
    body = {"current_password": PASSWORD, "new_password": email}

    response = client.put(f"{ACCOUNTS}/me/password", json=body, headers=authorization(tokens))

    assert response.status_code == 422
    assert [each["pointer"] for each in response.json()["errors"]] == ["/new_password"]
    assert email not in response.text
    assert log_in(client, email).status_code == 200


def test_common_passwords_are_rejected() -> None:
    common = [each for each in FREQUENCY_LISTS["passwords"] if len(each) >= 12]

    assert len(common) > 200
    assert [each for each in common if not passwords.is_weak(each, "a@example.com")] == []


def test_strength_of_long_passwords_is_estimated_quickly() -> None:
    started = perf_counter()

    assert not passwords.is_weak("4@8({[<3691!|7$50+%2" * 50, new_email())

    assert perf_counter() - started < 5


def test_password_strength_is_estimated_by_one_thread_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    is_free = Lock()

    def estimate(password: str, words: list[str]) -> dict[str, int]:
        assert is_free.acquire(blocking=False), "two threads estimate concurrently"
        sleep(0.001)
        is_free.release()
        return {"score": 4}

    monkeypatch.setattr("zxcvbn.zxcvbn", estimate)
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(passwords.is_weak, PASSWORD, new_email()) for _ in range(20)]
        assert [each.result() for each in futures] == [False] * 20


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "kX9#mP2$vL5q",
        " two spaces around words ",
        "\u043a\u043e\u0440\u043e\u0432\u0430 \u0438 \U0001f511 \u0432 \u043f\u043e\u043b\u0435",
        f"{PASSWORD}{'.' * 995}",
    ],
)
def test_strong_password_is_accepted_unchanged(client: httpx2.Client, password: str) -> None:
    email = register(client, password=password).json()["email"]

    assert log_in(client, email, password).status_code == 200
    assert log_in(client, email, password[:-1]).status_code == 400


@pytest.mark.parametrize("name", ["scope", "is_active", "id", "password_hash"])
def test_protected_fields_are_rejected(client: httpx2.Client, name: str) -> None:
    response = register(client, **{name: "reports:read"})

    assert response.status_code == 422
    assert [each["pointer"] for each in response.json()["errors"]] == [f"/{name}"]


def test_password_change_revokes_other_logins(client: httpx2.Client) -> None:
    email = register(client).json()["email"]
    current, other = (log_in(client, email).json() for _ in range(2))

    assert change_password(client, current, "a wrong password") == 401
    assert read_me(client, other).status_code == 200
    assert change_password(client, current, PASSWORD) == 204

    assert log_in(client, email).status_code == 400
    assert log_in(client, email, NEW_PASSWORD).status_code == 200
    assert read_me(client, current).status_code == 200
    assert read_me(client, other).status_code == 401
    assert refresh(client, other).status_code == 400


def test_disabled_and_deleted_accounts_lose_access(app: App) -> None:
    route_statements(app, "/disable", ["UPDATE users SET is_active = false"], "POST")
    route_statements(app, "/delete", ["DELETE FROM users"], "POST")

    for path in ("/disable", "/delete"):
        with client_for(app) as client, rolled_back(app, client):
            email = register(client).json()["email"]
            tokens = log_in(client, email).json()
            assert read_me(client, tokens).status_code == 200

            assert client.post(path).status_code == 200

            assert read_me(client, tokens).status_code == 401
            assert change_password(client, tokens, PASSWORD) == 401
            assert refresh(client, tokens).status_code == 400
            assert log_in(client, email).status_code == 400


def test_password_is_verified_once_for_known_and_unknown_accounts(
    client: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    verify = passwords.HASHER.verify_and_update

    def count(password: str, password_hash: str) -> tuple[bool, str | None]:
        verified.append(password_hash)
        return verify(password, password_hash)

    email = register(client).json()["email"]
    monkeypatch.setattr(passwords.HASHER, "verify_and_update", count)

    for username in (email, new_email(), "no address", "a\0b"):
        responses = [log_in(client, username, "a wrong password") for _ in range(2)]
        assert [each.status_code for each in responses] == [400, 400]
        assert {(each.json()["error"], each.json()["detail"]) for each in responses} == {
            ("invalid_grant", "The e-mail address or the password is incorrect.")
        }
        assert len(verified) == 2
        verified.clear()


def test_hash_is_renewed_if_parameters_change(
    client: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    email = register(client).json()["email"]
    verify = passwords.verify_password
    renewed: list[bool] = []

    def verify_and_record(password: str, password_hash: str | None) -> tuple[bool, str | None]:
        is_correct, new_hash = verify(password, password_hash)
        renewed.append(new_hash is not None)
        return is_correct, new_hash

    monkeypatch.setattr(passwords, "verify_password", verify_and_record)
    monkeypatch.setattr(passwords, "HASHER", PasswordHash([Argon2Hasher(2, 8, 1)]))

    assert [log_in(client, email).status_code for _ in range(2)] == [200, 200]
    assert renewed == [True, False]


def test_hash_for_unknown_accounts_has_the_same_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()

    assert passwords.HASHER.hash("").split("$")[:4] == passwords.DUMMY_HASH.split("$")[:4]


def test_account_is_selected_once_per_request(shared_app: App, client: httpx2.Client) -> None:
    tokens = sign_up(client)
    executed: list[str] = []

    def record(connection: object, cursor: object, statement: str, *rest: object) -> None:
        executed.append(statement.split()[0])

    event.listen(get_engine(shared_app), "before_cursor_execute", record)
    response = client.post(f"{ACCOUNTS}/logout", headers=authorization(tokens))
    event.remove(get_engine(shared_app), "before_cursor_execute", record)

    assert response.status_code == 204
    assert "Content-Type" not in response.headers
    nested = ("BEGIN", "SAVEPOINT", "RELEASE")
    assert [word for word in executed if word not in nested] == ["SELECT", "UPDATE"]


def test_other_unique_violation_is_not_reported_as_taken_email(settings: Settings) -> None:
    url = make_database("index")
    engine = create_engine(url.get_secret_value())
    with engine.begin() as connection:
        connection.execute(text("CREATE UNIQUE INDEX one_account ON users (is_active)"))
    engine.dispose()

    with client_for(create_app(settings.model_copy(update={"database_url": url}))) as client:
        assert register(client).status_code == 201
        rejected = register(client)

    assert rejected.status_code == 409
    assert "address" not in rejected.json()["detail"]
