"""Database errors of posts."""

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm.exc import StaleDataError

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.posts import exceptions
from {{ cookiecutter.package_name }}.web.etags import PreconditionFailed

from ..support.databases import make_database
from .conftest import author_client
from .posts import POST, POSTS, create


def test_concurrent_update_is_a_failed_precondition() -> None:
    with pytest.raises(PreconditionFailed), exceptions.translate_integrity_errors():
        raise StaleDataError


def test_other_unique_violation_is_not_reported_as_taken_slug(settings: Settings) -> None:
    url = make_database()
    engine = create_engine(url.get_secret_value())
    with engine.begin() as connection:
        connection.execute(text("CREATE UNIQUE INDEX slug_of_titles ON posts (lower(title))"))
    engine.dispose()
    app = create_app(settings.model_copy(update={"database_url": url}))

    with author_client(app) as client:
        create(client, slug="first", title="A slug")
        same_title = client.post(POSTS, json=POST | {"slug": "second", "title": "A Slug"})
        same_slug = client.post(POSTS, json=POST | {"slug": "first"})

    assert (same_title.status_code, same_slug.status_code) == (409, 409)
    assert same_slug.json()["detail"] == "The slug is taken."
    assert same_title.json()["detail"] != same_slug.json()["detail"]
