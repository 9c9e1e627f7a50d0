"""Validation of the settings of mail."""

import pytest

from {{ cookiecutter.package_name }}.mail.settings import MailSettings

from ..support.invalid_settings import errors_of
from ..support.settings import IsolatedSettings

SAFE = ["smtp+starttls://user:p%40ss@mail.example.com:587", "smtps://[::1]", "smtp://relay"]


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_server_and_sender_are_required(
    production_settings: dict[str, object], environment: str
) -> None:
    missing = {"environment": environment, "mail_url": "file:instance/mail"}
    sender = MailSettings.model_fields["mail_from"].default

    assert set(errors_of(production_settings | missing | {"mail_from": sender})) == {
        "mail_url",
        "mail_from",
    }


@pytest.mark.parametrize("url", [*SAFE, "file:/tmp/mail"])
def test_servers_and_folders_are_accepted(url: str) -> None:
    assert IsolatedSettings.model_validate({"mail_url": url}).mail_url.get_secret_value() == url


@pytest.mark.parametrize("url", SAFE)
def test_safe_servers_are_accepted_in_production(
    production_settings: dict[str, object], url: str
) -> None:
    IsolatedSettings.model_validate(production_settings | {"mail_url": url})


def test_password_requires_encryption_outside_development(
    production_settings: dict[str, object],
) -> None:
    plain: dict[str, object] = {"mail_url": "smtp://user:hunter2@relay"}

    IsolatedSettings.model_validate(plain)
    for environment in ("test", "production"):
        errors = errors_of(production_settings | plain | {"environment": environment})
        assert "without encryption" in errors["mail_url"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hunter2",
        "file:",
        "http://relay",
        "smtp://",
        "smtp://:25",
        "smtps://host:hunter2",
        "smtps://host:0",
        "smtps://host:99999",
        "smtps://[hunter2",
        "smtps://user@host",
        "smtps://user:hunter2@host/path",
        "smtps://user:hunter2@host?query",
        "smtps://user:p#hunter2@host",
    ],
)
def test_invalid_server_is_rejected_without_its_value(url: str) -> None:
    assert set(errors_of({"mail_url": url})) == {"mail_url"}


@pytest.mark.parametrize(
    "sender", ["a@example.com", "My Service <a@example.com>", "Zoë Müller <a.b+c@example.com>"]
)
def test_sender_is_accepted(sender: str) -> None:
    assert IsolatedSettings.model_validate({"mail_from": sender}).mail_from == sender


@pytest.mark.parametrize(
    "sender",
    [
        "",
        "a",
        "a@",
        "a@example.com, b@example.com",
        "a@example.com\n",
        "Service\n <a@example.com>",
        "Service <a@example.com",
        "<a@example.com>",
    ],
)
def test_invalid_sender_is_rejected(sender: str) -> None:
    assert set(errors_of({"mail_from": sender})) == {"mail_from"}
