"""Helpers for tests of migrations."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr

from {{ cookiecutter.package_name }}.cli.main import main

MIGRATIONS = Path(__file__).parents[2] / "migrations"


def run_db(environment: pytest.MonkeyPatch, url: SecretStr, *arguments: str) -> Result:
    """Run a `db` command."""
    environment.setenv("DATABASE_URL", url.get_secret_value())
    return CliRunner().invoke(main, ["db", *arguments])


def write_migration(
    environment: pytest.MonkeyPatch, url: SecretStr, versions: Path, name: str, upgrade: str
) -> None:
    """Write a migration with the lines of an upgrade."""
    assert run_db(environment, url, "revision", "--empty", "-m", name).exit_code == 0
    (path,) = versions.glob(f"*_{name.replace(' ', '_')}.py")
    path.write_text(path.read_text().replace("    pass", upgrade, 1))
