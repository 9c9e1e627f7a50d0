"""Fixtures for all tests."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
# {% if "accounts" in cookiecutter.__facts %}
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
# {% endif %}

from {{ cookiecutter.package_name }} import create_app
# {% if "accounts" in cookiecutter.__facts %}
from {{ cookiecutter.package_name }}.accounts import passwords
# {% endif %}
from {{ cookiecutter.package_name }}.config import Settings

# {% if "database" in cookiecutter.__facts %}
from .support.databases import migrated_database
# {% endif %}
# {% if "fastapi" in cookiecutter.__facts and "database" in cookiecutter.__facts %}
from .support.event_loop import shared_event_loop
# {% endif %}
# {% if "flask" in cookiecutter.__facts %}
from .support.flask_fixtures import flask_client, runner
# {% endif %}
from .support.framework import ENVIRONMENT_VARIABLES, App, client_for
from .support.settings import REQUIRED, SECRET_KEY, IsolatedSettings
# {% if "fastapi" in cookiecutter.__facts and "database" in cookiecutter.__facts %}

__all__ = ["shared_event_loop"]
# {% endif %}
# {% if "flask" in cookiecutter.__facts %}

__all__ = ["flask_client", "runner"]
# {% endif %}


@pytest.fixture(autouse=True)
def isolated_from_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unset the framework's environment variables and silence the logger of the test client."""
    for name in ENVIRONMENT_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    # {% if "prometheus" in cookiecutter.__facts %}
    # A test that serves may have set it for its workers.
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    # {% endif %}
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    # {% if "accounts" in cookiecutter.__facts %}
    # Use the cheapest hash parameters: most tests register accounts.
    monkeypatch.setattr(passwords, "HASHER", PasswordHash([Argon2Hasher(1, 8, 1)]))
    # {% endif %}


@pytest.fixture(scope="session")
def settings() -> Settings:
    return IsolatedSettings(
        environment="test",
        secret_key=SECRET_KEY,
        # {% if "accounts" in cookiecutter.__facts %}
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
def production_settings() -> dict[str, object]:
    """Return the minimal valid settings for production."""
    return {
        "environment": "production",
        "secret_key": SECRET_KEY,
        **REQUIRED,
    }


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Unset all settings in the environment, and read `.env` of an empty folder, the current one."""
    for name in list(os.environ):
        if name.lower() in Settings.model_fields:
            monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")
    # {% if "database" in cookiecutter.__facts %}
    monkeypatch.setenv("DATABASE_URL", migrated_database().get_secret_value())
    # {% endif %}
    return monkeypatch
