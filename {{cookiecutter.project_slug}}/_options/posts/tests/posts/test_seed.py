"""Posts to develop with."""

import pytest
from click.testing import CliRunner

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.cli.main import main
from {{ cookiecutter.package_name }}.database.base import now

from ..support.databases import make_database
from ..support.framework import client_for
from ..support.settings import IsolatedSettings
from .posts import POSTS


def test_seed_writes_posts(environment: pytest.MonkeyPatch) -> None:
    url = make_database()
    environment.setenv("DATABASE_URL", url.get_secret_value())

    result = CliRunner().invoke(main, ["db", "seed", "--rows", "1001"])

    assert result.exit_code == 0
    assert result.output.splitlines()[-1] == "1001 posts were written."
    with client_for(create_app(IsolatedSettings(database_url=url))) as client:
        published = client.get(POSTS, params={"published": True, "limit": 100}).json()["items"]
    assert len({post["slug"] for post in published}) == 100
    moment = now().isoformat()
    assert all(post["created_at"] < post["published_at"] < moment for post in published)


def test_seed_needs_the_tables(environment: pytest.MonkeyPatch) -> None:
    from ..support.embedded import NOWHERE

    environment.setenv("DATABASE_URL", NOWHERE)

    result = CliRunner().invoke(main, ["db", "seed"])

    assert result.exit_code == 1
    assert "cannot use the database" in result.output
