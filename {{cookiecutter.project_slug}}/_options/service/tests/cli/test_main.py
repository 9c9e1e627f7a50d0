"""The command-line interface."""

import runpy
from pathlib import Path

import pytest
from click.testing import CliRunner

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.cli.main import main
from {{ cookiecutter.package_name }}.config import Settings

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
        "SECRET_KEY     is required outside development",
        "PORT           Input should be a valid integer, unable to parse string as an integer",
        "ALLOWED_HOSTS  is required: list the names that clients use",
        # {% if "mail" in cookiecutter.__facts %}
        "MAIL_URL       is required: smtp+starttls://user:password@host:587, smtps://…, smtp://host",
        "MAIL_FROM      is required: the address of the sender",
        # {% endif %}
        # {% if "recovery" in cookiecutter.__facts %}
        "CLIENT_URL     is required: the address of the pages that links in e-mails open",
        # {% endif %}
    ]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_file_in_another_encoding_is_reported_in_one_line(
    environment: pytest.MonkeyPatch, tmp_path: Path, encoding: str
) -> None:
    tmp_path.joinpath(".env").write_bytes("PORT=8000 # für später".encode(encoding))

    result = CliRunner().invoke(main, ["check"])

    assert result.exit_code == 1
    assert "in .env or /run/secrets is not in UTF-8" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_unusable_folder_of_secrets_is_reported_in_one_line(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tmp_path.joinpath("file").touch()
    environment.setitem(Settings.model_config, "secrets_dir", tmp_path / "file")

    result = CliRunner().invoke(main, ["check"])

    assert result.exit_code == 1
    assert "cannot read the settings: secrets_dir must reference a directory" in result.stderr


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
