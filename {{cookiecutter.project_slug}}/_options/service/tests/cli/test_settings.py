"""The settings command, and the files that contain its output."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from {{ cookiecutter.package_name }}.cli.main import main
from {{ cookiecutter.package_name }}.cli.settings import to_variable
from {{ cookiecutter.package_name }}.config import Settings

from ..support.settings import PACKAGE, PROJECT, IsolatedSettings


def list_settings(*options: str) -> str:
    """Return the output of the settings command."""
    listed = CliRunner().invoke(main, ["settings", *options])
    assert listed.exit_code == 0
    return listed.output


@pytest.mark.parametrize(
    ("value", "variable"),
    [
        (None, ""),
        (True, "true"),
        (("a", "b"), "a,b"),
        (SecretStr("secret"), "secret"),
        (30, "30"),
    ],
)
def test_value_is_written_as_an_environment_variable(value: object, variable: str) -> None:
    assert to_variable(value) == variable


def test_env_example_has_every_setting() -> None:
    is_current = (PROJECT / ".env.example").read_text() == list_settings()
    assert is_current, f"python -m {PACKAGE} settings > .env.example"


def test_readme_has_every_setting() -> None:
    is_current = list_settings("--markdown") in (PROJECT / "README.md").read_text()
    assert is_current, f"copy the table of: python -m {PACKAGE} settings --markdown"


def test_listed_values_are_the_defaults(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = list_settings().splitlines()
    assignments = [line.removeprefix("# ") for line in lines if line.split("=")[0][2:].isupper()]
    tmp_path.joinpath(".env").write_text("\n".join(assignments))

    assert len(assignments) == len(Settings.model_fields)
    assert Settings().model_dump() == IsolatedSettings().model_dump()
