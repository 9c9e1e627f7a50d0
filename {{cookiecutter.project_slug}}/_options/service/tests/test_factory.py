"""The application factory."""

import sys
from importlib import import_module

import pytest
from pydantic import ValidationError

from {{ cookiecutter.package_name }} import create_app

from .support.framework import App, client_for
from .support.settings import PACKAGE, SECRET_KEY, IsolatedSettings


def test_applications_are_independent(app: App) -> None:
    other = create_app(IsolatedSettings())

    with client_for(app) as client, client_for(other) as other_client:
        about = [each.get("/api/v1/about").json() for each in (client, other_client)]

    assert [each["environment"] for each in about] == ["test", "development"]


def test_default_settings_are_read_from_the_environment(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("ENVIRONMENT", "test")
    environment.setenv("SECRET_KEY", SECRET_KEY)

    with client_for(create_app()) as client:
        assert client.get("/api/v1/about").json()["environment"] == "test"


def test_invalid_settings_raise_an_error(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ENVIRONMENT", "production")
    environment.setenv("SECRET_KEY", "too short")

    with pytest.raises(ValidationError, match="secret_key"):
        create_app()


def test_import_reads_no_settings(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ENVIRONMENT", "unknown")
    for name in [each for each in sys.modules if each.partition(".")[0] == PACKAGE]:
        environment.delitem(sys.modules, name)

    assert import_module(PACKAGE).create_app is not create_app
