"""Posts in Flask: locations and failed exports."""

from collections.abc import Iterator

import pytest
from flask import Blueprint

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.posts.views import bp as posts
from {{ cookiecutter.package_name }}.web import streaming as ndjson

from ..support.databases import make_database
from .conftest import author_client
from .posts import POST


def fail_after_a_line() -> Iterator[bytes]:
    yield b"{}\n"
    raise RuntimeError("after the first line")


def test_failed_stream_is_detectably_incomplete() -> None:
    received: list[bytes] = []

    with pytest.raises(RuntimeError, match="after the first line"):
        received.extend(ndjson.LinesResponse(fail_after_a_line()).iter_encoded())

    assert b"".join(received) == b"{}\n{"


def test_location_has_the_path_of_the_request(settings: Settings) -> None:
    changes = {"database_url": make_database("locations"), "root_path": "/shop"}
    app = create_app(settings.model_copy(update=changes))
    next_version = Blueprint("next", __name__, url_prefix="/api/next")
    next_version.register_blueprint(posts)
    app.register_blueprint(next_version)

    with author_client(app) as client:
        created = client.post("/api/next/posts", json=POST)

    assert created.headers["Location"] == f"/shop/api/next/posts/{created.json()['id']}"
