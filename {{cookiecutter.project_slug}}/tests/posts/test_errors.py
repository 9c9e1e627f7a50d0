"""What errors of the database mean for posts."""

from importlib import import_module

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm.exc import StaleDataError

from ..conftest import PACKAGE, Settings, create_app
from ..databases import make_database
from .conftest import author_for
from .posts import POST, POSTS, create

exceptions = import_module(f"{PACKAGE}.posts.exceptions")


def test_faster_writer_has_changed_it() -> None:
    with pytest.raises(exceptions.PreconditionFailed), exceptions.explained():
        raise StaleDataError


def test_other_unique_index_that_mentions_slugs_is_a_conflict(settings: Settings) -> None:
    url = make_database()
    engine = create_engine(url.get_secret_value())
    with engine.begin() as connection:
        connection.execute(text("CREATE UNIQUE INDEX slug_of_titles ON posts (lower(title))"))
    engine.dispose()
    app = create_app(settings.model_copy(update={"database_url": url}))

    with author_for(app) as client:
        create(client, slug="first", title="A slug")
        same_title = client.post(POSTS, json=POST | {"slug": "second", "title": "A Slug"})
        same_slug = client.post(POSTS, json=POST | {"slug": "first"})

    assert (same_title.status_code, same_slug.status_code) == (409, 409)
    assert same_slug.json()["detail"] == "The slug is taken."
    assert same_title.json()["detail"] != same_slug.json()["detail"]
