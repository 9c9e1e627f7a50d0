"""The fixtures, and the names that tests take from the package."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
# {% if cookiecutter.auth == "accounts" %}
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
# {% endif %}
# {% if cookiecutter.database != "none" %}
from pydantic import Field
# {% endif %}
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from {{ cookiecutter.package_name }} import create_app
# {% if cookiecutter.auth == "accounts" %}
from {{ cookiecutter.package_name }}.accounts import (
    limit_storage,
    limits,
    passwords,
    scopes,
    tokens,
)
# {% endif %}
from {{ cookiecutter.package_name }}.cli import main
from {{ cookiecutter.package_name }}.config import Settings
# {% if cookiecutter.database != "none" %}
from {{ cookiecutter.package_name }}.database_url import DatabaseUrl
from {{ cookiecutter.package_name }}.db_commands import alembic_config
# {% endif %}
from {{ cookiecutter.package_name }}.health import get_checks
from {{ cookiecutter.package_name }}.hosts import AllowedHosts
from {{ cookiecutter.package_name }}.metadata import NAME, VERSION
# {% if cookiecutter.database != "none" %}
from {{ cookiecutter.package_name }}.models import UtcDateTime, now
# {% endif %}
from {{ cookiecutter.package_name }}.problems import ProblemError
from {{ cookiecutter.package_name }}.proxies import (
    TrustedProxies,
    parse_address,
)
from {{ cookiecutter.package_name }}.schemas import Schema

# {% if cookiecutter.database != "none" %}
from .databases import migrated_database
# {% endif %}
# {% if cookiecutter.framework == "fastapi" and cookiecutter.database != "none" %}
from .event_loop import shared_event_loop
# {% endif %}
from .framework import ENVIRONMENT_VARIABLES, App, client_for

__all__ = [
    "NAME",
    "PACKAGE",
    "SECRET_KEY",
    "VERSION",
    "AllowedHosts",
    "App",
    "IsolatedSettings",
    "ProblemError",
    "Schema",
    "Settings",
    "TrustedProxies",
    # {% if cookiecutter.database != "none" %}
    "UtcDateTime",
    "alembic_config",
    # {% endif %}
    "create_app",
    "get_checks",
    # {% if cookiecutter.auth == "accounts" %}
    "limit_storage",
    "limits",
    # {% endif %}
    "main",
    # {% if cookiecutter.database != "none" %}
    "now",
    # {% endif %}
    "parse_address",
    # {% if cookiecutter.auth == "accounts" %}
    "passwords",
    "scopes",
    # {% endif %}
    # {% if cookiecutter.framework == "fastapi" and cookiecutter.database != "none" %}
    "shared_event_loop",
    # {% endif %}
    # {% if cookiecutter.auth == "accounts" %}
    "tokens",
    # {% endif %}
]


PACKAGE = "{{ cookiecutter.package_name }}"
SECRET_KEY = "one of the tests alone, long enough"


class IsolatedSettings(Settings):
    """Settings that come from the test alone, whatever the environment or a `.env` file says."""

    # {% if cookiecutter.database != "none" %}
    database_url: DatabaseUrl = Field(default_factory=migrated_database)

    # {% endif %}
    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


@pytest.fixture(autouse=True)
def undisturbed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ignore what the environment tells the framework, and keep the tests' client out of the log."""
    for name in ENVIRONMENT_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    # {% if cookiecutter.auth == "accounts" %}
    # Hashes that cost nothing, so that each test can have accounts.
    monkeypatch.setattr(passwords, "HASHER", PasswordHash([Argon2Hasher(1, 8, 1)]))
    # {% endif %}


@pytest.fixture(scope="session")
def settings() -> Settings:
    return IsolatedSettings(
        environment="test",
        secret_key=SECRET_KEY,
        # {% if cookiecutter.auth == "accounts" %}
        registration=True,
        account_from_address_limit="1000 per second",
        address_limit="1000 per second",
        account_limit="1000 per second",
        # {% endif %}
    )


@pytest.fixture
def app(settings: Settings) -> App:
    return create_app(settings)


@pytest.fixture
def client(app: App) -> Iterator[httpx2.Client]:
    with client_for(app) as client:
        yield client


@pytest.fixture
def deployed() -> dict[str, object]:
    """The least that is fit for an environment which is not development."""
    return {"environment": "production", "secret_key": SECRET_KEY}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Empty the environment of settings, and work in a folder without a `.env` file."""
    for name in list(os.environ):
        if name.lower() in Settings.model_fields:
            monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))
    monkeypatch.chdir(tmp_path)
    # {% if cookiecutter.database != "none" %}
    monkeypatch.setenv("DATABASE_URL", migrated_database().get_secret_value())
    # {% endif %}
    return monkeypatch
