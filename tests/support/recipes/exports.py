# mypy: ignore-errors
"""The export of the recipe: clients poll its progress, and download the file when it is done."""

import json

import pytest
from my_service.exports import jobs
from my_service.jobs.worker import Worker

from .support.databases import make_database
from .support.framework import client_for

POST = {"title": "A title", "body": "A text.", "owner": "alice"}


@pytest.fixture
def settings(settings, tmp_path):
    changes = {"database_url": make_database("recipe"), "export_folder": tmp_path}
    return settings.model_copy(update=changes)


@pytest.fixture
def client(app):
    """Yield a client whose requests commit, because workers do."""
    with client_for(app) as client:
        yield client


@pytest.fixture(autouse=True)
def posts(client):
    for number in range(5):
        assert client.post("/api/v1/posts", json=POST | {"slug": f"post-{number}"}).status_code == 201


def start(client):
    response = client.post("/api/v1/exports")
    assert response.status_code == 202
    assert response.headers["Location"] == f"/api/v1/exports/{response.json()['id']}"
    return response.headers["Location"]


def progress(client, location):
    read = client.get(location).json()
    return read["status"], read["written"], read["total"]


def test_export_is_polled_and_downloaded(client, settings, monkeypatch):
    monkeypatch.setattr(jobs, "BATCH", 2)
    location, seen = start(client), []
    read_batch = jobs.read_batch

    def look(run, last):
        seen.append(progress(client, location))
        return read_batch(run, last)

    monkeypatch.setattr(jobs, "read_batch", look)
    assert progress(client, location) == ("pending", 0, None)
    assert client.get(f"{location}/file").status_code == 404

    assert Worker(settings, [jobs.export_posts]).drain() == 1

    assert seen == [("running", 0, None), ("running", 2, 5), ("running", 4, 5), ("running", 5, 5)]
    assert progress(client, location) == ("done", 5, 5)
    lines = client.get(f"{location}/file").text.splitlines()
    assert [json.loads(line)["slug"] for line in lines] == [f"post-{number}" for number in range(5)]
    assert len([*settings.export_folder.iterdir()]) == 1


def test_export_that_fails_begins_again(client, settings, monkeypatch):
    location = start(client)
    with monkeypatch.context() as broken:
        broken.setattr(jobs, "read_batch", None)
        Worker(settings, [jobs.export_posts]).drain()

    assert progress(client, location) == ("pending", 0, None)
    assert client.get(f"{location}/file").status_code == 404


def test_unknown_export_is_not_found(client):
    assert client.get("/api/v1/exports/00000000-0000-0000-0000-000000000000").status_code == 404
