"""Confirmed addresses, forgotten passwords and changes of the address, with the mail that jobs send."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner
from pydantic import SecretStr
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.accounts import email_jobs
from {{ cookiecutter.package_name }}.accounts.email_models import EmailToken
from {{ cookiecutter.package_name }}.accounts.email_settings import CLIENT_URL
from {{ cookiecutter.package_name }}.cli.main import main
from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.database.base import now
from {{ cookiecutter.package_name }}.database.engine import command_engine
from {{ cookiecutter.package_name }}.jobs.models import Job

from ..support.databases import make_database
from ..support.framework import client_for
from ..support.invalid_settings import errors_of
from .account_requests import (
    ACCOUNTS,
    PASSWORD,
    authorization,
    log_in,
    new_email,
    read_me,
    refresh,
    register,
)
from .sent_mail import Post, with_mail

NEW_PASSWORD = "another password used in tests"


@pytest.fixture(scope="module")
def database_url() -> SecretStr:
    return make_database("emails")


@pytest.fixture
def settings(settings: Settings, database_url: SecretStr, tmp_path: Path) -> Settings:
    return with_mail(settings, database_url, tmp_path)


@pytest.fixture
def client(settings: Settings) -> Iterator[httpx2.Client]:
    """Yield a client whose requests commit."""
    with client_for(create_app(settings)) as client:
        yield client


@pytest.fixture
def post(settings: Settings, tmp_path: Path) -> Post:
    return Post(settings, tmp_path)


@pytest.fixture
def session(settings: Settings) -> Iterator[Session]:
    engine = command_engine(settings)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture
def email(client: httpx2.Client, post: Post) -> str:
    """Return the address of an account that has not confirmed it."""
    address: str = register(client).json()["email"]
    post.messages()
    return address


def forget(client: httpx2.Client, email: str) -> httpx2.Response:
    return client.post(f"{ACCOUNTS}/forgot-password", json={"email": email})


def reset(client: httpx2.Client, token: str, password: str = NEW_PASSWORD) -> httpx2.Response:
    body = {"token": token, "new_password": password}
    return client.post(f"{ACCOUNTS}/reset-password", json=body)


def confirm(client: httpx2.Client, token: str) -> int:
    return client.post(f"{ACCOUNTS}/confirm-email", json={"token": token}).status_code


def change(client: httpx2.Client, tokens: dict[str, Any], email: str, password: str) -> int:
    body = {"current_password": password, "new_email": email}
    response = client.put(f"{ACCOUNTS}/me/email", json=body, headers=authorization(tokens))
    return response.status_code


def status_of(client: httpx2.Client, tokens: dict[str, Any]) -> tuple[str, bool]:
    status = client.get(f"{ACCOUNTS}/me/email", headers=authorization(tokens)).json()
    return status["email"], status["is_confirmed"]


def test_registration_sends_a_token_that_confirms_the_address_once(
    client: httpx2.Client, post: Post
) -> None:
    email = register(client).json()["email"]
    tokens = log_in(client, email).json()
    assert status_of(client, tokens) == (email, False)

    token = post.token()

    assert [confirm(client, token) for _ in range(2)] == [204, 422]
    assert status_of(client, tokens) == (email, True)
    assert post.messages() == []


def test_confirmation_can_be_sent_again(client: httpx2.Client, post: Post, email: str) -> None:
    tokens = log_in(client, email).json()

    path = f"{ACCOUNTS}/me/email/send-confirmation"
    assert client.post(path, headers=authorization(tokens)).status_code == 202

    assert confirm(client, post.token()) == 204
    assert status_of(client, tokens) == (email, True)


def test_forgotten_password_is_reset_once_and_all_logins_end(
    client: httpx2.Client, post: Post, email: str
) -> None:
    tokens = log_in(client, email).json()
    assert forget(client, email.upper()).status_code == 202
    token = post.token("reset-password")

    assert [reset(client, token).status_code for _ in range(2)] == [204, 422]

    assert read_me(client, tokens).status_code == 401
    assert refresh(client, tokens).status_code == 400
    assert log_in(client, email).status_code == 400
    tokens = log_in(client, email, NEW_PASSWORD).json()
    assert status_of(client, tokens) == (email, True)
    assert post.recipients() == [f"{email} Your password was reset"]


def test_response_does_not_reveal_accounts(
    client: httpx2.Client, post: Post, session: Session, email: str
) -> None:
    known, unknown = (forget(client, address) for address in (email, new_email()))

    assert known.status_code == unknown.status_code == 202
    assert known.content == unknown.content == b""
    assert known.headers.keys() == unknown.headers.keys()
    pending = Job.name.endswith("send_password_reset"), Job.finished_at.is_(None)
    assert len(session.scalars(select(Job).where(*pending)).all()) == 2
    session.rollback()
    assert post.recipients() == [f"{email} Reset your password"]


def test_disabled_account_gets_no_tokens(
    client: httpx2.Client, post: Post, settings: Settings, email: str
) -> None:
    forget(client, email)
    token = post.token("reset-password")
    register(client, email=(other := new_email()))
    for address in (email, other):
        CliRunner().invoke(main, ["users", "disable", address], obj=settings)
        forget(client, address)

    assert post.messages() == []
    assert reset(client, token).status_code == 422


def test_token_ends_with_the_password(client: httpx2.Client, post: Post, email: str) -> None:
    forget(client, email)
    token = post.token("reset-password")
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    headers = authorization(log_in(client, email).json())
    assert client.put(f"{ACCOUNTS}/me/password", json=body, headers=headers).status_code == 204

    assert reset(client, token, PASSWORD).status_code == 422
    assert log_in(client, email, NEW_PASSWORD).status_code == 200


def test_token_ends_with_the_address(client: httpx2.Client, post: Post, email: str) -> None:
    forget(client, email)
    token = post.token("reset-password")
    assert change(client, log_in(client, email).json(), new_email(), PASSWORD) == 202
    assert confirm(client, post.token()) == 204

    assert reset(client, token).status_code == 422


def test_expired_token_is_rejected_and_deleted(
    client: httpx2.Client, post: Post, session: Session, email: str
) -> None:
    forget(client, email)
    token = post.token("reset-password")
    session.execute(update(EmailToken).values(expires_at=now() - timedelta(seconds=1)))
    session.commit()

    assert reset(client, token).status_code == 422
    forget(client, email)
    post.messages()
    assert len(session.scalars(select(EmailToken)).all()) == 1


def test_token_is_for_one_purpose(client: httpx2.Client, post: Post, email: str) -> None:
    forget(client, email)
    token = post.token("reset-password")

    assert confirm(client, token) == 422
    unknown = reset(client, "x" * 43)
    assert unknown.status_code == 422
    assert [error["pointer"] for error in unknown.json()["errors"]] == ["/token"]
    assert reset(client, token).status_code == 204


def test_weak_password_is_rejected_and_the_token_remains(
    client: httpx2.Client, post: Post, email: str
) -> None:
    forget(client, email)
    token = post.token("reset-password")

    response = reset(client, token, email)

    assert response.status_code == 422
    assert [each["pointer"] for each in response.json()["errors"]] == ["/new_password"]
    assert reset(client, token).status_code == 204


def test_address_is_changed_when_the_new_one_is_confirmed(
    client: httpx2.Client, post: Post, email: str
) -> None:
    tokens, new = log_in(client, email).json(), new_email()

    assert change(client, tokens, new, "a wrong password") == 401
    assert post.messages() == []
    assert change(client, tokens, new.upper(), PASSWORD) == 202
    assert status_of(client, tokens) == (email, False)
    assert confirm(client, post.token()) == 204

    assert status_of(client, tokens) == (new, True)
    assert log_in(client, email).status_code == 400
    assert log_in(client, new).status_code == 200
    assert post.recipients() == [f"{email} Your e-mail address was changed"]


def test_address_of_another_account_gets_no_token(
    client: httpx2.Client, post: Post, email: str
) -> None:
    tokens, other = log_in(client, email).json(), new_email()

    assert change(client, tokens, other, PASSWORD) == 202
    token = post.token()
    register(client, email=other)
    post.messages()

    assert confirm(client, token) == 422
    assert change(client, tokens, other, PASSWORD) == 202
    assert post.messages() == []
    assert status_of(client, tokens) == (email, False)


def test_attempts_are_limited_for_unknown_addresses_too(settings: Settings, email: str) -> None:
    limited = settings.model_copy(update={"account_from_address_limit": "2 per hour"})
    with client_for(create_app(limited)) as client:
        for address in (email, new_email()):
            responses = [forget(client, address) for _ in range(3)]
            assert [each.status_code for each in responses] == [202, 202, 429]
            remaining = [each.headers["RateLimit"].split(";")[1] for each in responses]
            assert remaining == ["r=1", "r=0", "r=0"]


def test_tokens_are_neither_stored_nor_logged(
    client: httpx2.Client,
    post: Post,
    session: Session,
    email: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG):
        forget(client, email)
        token = post.token("reset-password")
        reset(client, token)

    assert "password reset requested" in str([vars(each) for each in caplog.records])
    assert token not in str([vars(each) for each in caplog.records])
    assert token not in str([job.arguments for job in session.scalars(select(Job))])
    assert token.encode() not in {each.digest for each in session.scalars(select(EmailToken))}


def test_token_of_a_retried_job_is_valid(
    client: httpx2.Client,
    post: Post,
    session: Session,
    email: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*arguments: object) -> None:
        raise ConnectionRefusedError

    forget(client, email)
    with monkeypatch.context() as patch:
        patch.setattr(email_jobs, "deliver", fail)
        assert post.messages() == []
    session.execute(update(Job).values(run_at=now()))
    session.commit()

    assert reset(client, post.token("reset-password")).status_code == 204


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (CLIENT_URL, "is required"),
        ("http://app.example.com", "must be an https"),
        ("https://hunter2/", "pattern"),
        ("app.example.com", "pattern"),
    ],
)
def test_invalid_client_is_rejected(
    production_settings: dict[str, object], url: str, message: str
) -> None:
    assert message in errors_of(production_settings | {"client_url": url})["client_url"]
