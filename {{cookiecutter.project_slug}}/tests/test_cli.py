"""The commands, as they are typed."""

import runpy

import pytest
from click.testing import CliRunner

from .conftest import PACKAGE, main


def test_check_accepts_development(environment: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(main, ["check"])

    assert result.exit_code == 0
    assert "fit for development" in result.output


def test_check_lists_everything_that_is_wrong(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ENVIRONMENT", "production")
    environment.setenv("PORT", "http")

    result = CliRunner().invoke(main, ["check"])

    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "SECRET_KEY  is required outside development",
        "PORT        Input should be a valid integer, unable to parse string as an integer",
    ]


def test_package_runs_as_a_module(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["__main__", "--help"])

    with pytest.raises(SystemExit) as left:
        runpy.run_module(PACKAGE, run_name="__main__")

    assert left.value.code == 0
    assert f"python -m {PACKAGE}" in capsys.readouterr().out


def test_worker_that_imports_the_main_module_runs_no_command() -> None:
    runpy.run_module(f"{PACKAGE}.__main__", run_name="__mp_main__")
