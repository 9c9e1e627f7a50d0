"""Posts in FastAPI: locations."""

from fastapi import APIRouter

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.posts.router import router as posts

from ..support.databases import make_database
from .conftest import author_client
from .posts import POST


def test_location_has_the_path_of_the_request(settings: Settings) -> None:
    changes = {"database_url": make_database("locations"), "root_path": "/shop"}
    app = create_app(settings.model_copy(update=changes))
    next_version = APIRouter(prefix="/api/next")
    next_version.include_router(posts)
    app.include_router(next_version)

    with author_client(app) as client:
        created = client.post("/api/next/posts", json=POST)

    assert created.headers["Location"] == f"/shop/api/next/posts/{created.json()['id']}"
