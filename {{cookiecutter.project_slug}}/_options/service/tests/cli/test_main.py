"""The command-line interface."""

import runpy

import pytest
from click.testing import CliRunner

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.cli.main import main

from ..support.framework import run_command
from ..support.settings import PACKAGE, IsolatedSettings


def test_check_passes_in_development(environment: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(main, ["check"])

    assert result.exit_code == 0
    assert "valid for development" in result.output


def test_commands_use_the_settings_of_their_application(
    environment: pytest.MonkeyPatch, production_settings: dict[str, object]
) -> None:
    environment.setenv("ENVIRONMENT", "unknown")
    apps = [create_app(IsolatedSettings.model_validate(each)) for each in (production_settings, {})]

    outputs = [run_command(app, "check").output for app in [*apps, apps[0]]]

    assert outputs == [
        f"Settings are valid for {name}.\n" for name in ("production", "development", "production")
    ]


def test_check_lists_all_errors(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ENVIRONMENT", "production")
    environment.setenv("PORT", "http")

    result = CliRunner().invoke(main, ["check"])

    assert isinstance(result.exception, SystemExit)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "SECRET_KEY  is required outside development",
        "PORT        Input should be a valid integer, unable to parse string as an integer",
    ]


def test_package_runs_as_a_module(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["__main__", "--help"])

    with pytest.raises(SystemExit) as exited:
        runpy.run_module(PACKAGE, run_name="__main__")

    assert exited.value.code == 0
    assert f"python -m {PACKAGE}" in capsys.readouterr().out


def test_import_by_a_worker_runs_no_command() -> None:
    runpy.run_module(f"{PACKAGE}.__main__", run_name="__mp_main__")
