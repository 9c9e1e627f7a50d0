"""The account that owns sample posts."""

import pytest
from click.testing import CliRunner

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.cli.main import main
from {{ cookiecutter.package_name }}.config import Settings

from ..accounts.account_requests import authorization, log_in
from ..support.databases import make_database
from ..support.framework import client_for
from .posts import POSTS


def test_seed_prints_the_login_of_the_owner(
    environment: pytest.MonkeyPatch, settings: Settings
) -> None:
    url = make_database()
    environment.setenv("DATABASE_URL", url.get_secret_value())

    first, second = (
        CliRunner().invoke(main, ["db", "seed", "--rows", "10"]).output.splitlines()[-1]
        for _ in range(2)
    )

    *_, email, _, _, _, password = first.split()
    app = create_app(settings.model_copy(update={"database_url": url}))
    with client_for(app) as client:
        client.headers.update(authorization(log_in(client, email, password).json()))
        posts = client.get(POSTS, params={"limit": 100}).json()["items"]
    assert len(posts) == 20
    assert f"belong to {email}" in second
