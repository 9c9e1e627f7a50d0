"""The seed command."""

import pytest
from click.testing import CliRunner

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.cli.main import main
from {{ cookiecutter.package_name }}.database.base import now
from {{ cookiecutter.package_name }}.database.errors import SCHEMA_OUTDATED

from ..support.databases import make_database, make_empty_database
from ..support.framework import client_for
from ..support.settings import IsolatedSettings
from .posts import POSTS


def test_seed_writes_posts(environment: pytest.MonkeyPatch) -> None:
    url = make_database()
    environment.setenv("DATABASE_URL", url.get_secret_value())

    result = CliRunner().invoke(main, ["db", "seed", "--rows", "1001"])

    assert result.exit_code == 0
    assert "1001 posts were written." in result.output.splitlines()[-1]
    with client_for(create_app(IsolatedSettings(database_url=url))) as client:
        published = client.get(POSTS, params={"published": True, "limit": 100}).json()["items"]
    assert len({post["slug"] for post in published}) == 100
    current = now().isoformat()
    assert all(post["created_at"] < post["published_at"] < current for post in published)


def test_seed_requires_a_database(environment: pytest.MonkeyPatch) -> None:
    from ..support.embedded import UNREACHABLE_URL

    environment.setenv("DATABASE_URL", UNREACHABLE_URL)

    result = CliRunner().invoke(main, ["db", "seed"])

    assert result.exit_code == 1
    assert "cannot use the database" in result.output


def test_seed_names_the_command_that_applies_missing_migrations(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("DATABASE_URL", make_empty_database().get_secret_value())

    result = CliRunner().invoke(main, ["db", "seed"])

    assert result.exit_code == 1
    assert result.output.splitlines() == [f"Error: {SCHEMA_OUTDATED}"]
