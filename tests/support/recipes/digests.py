# mypy: ignore-errors
"""The processed upload of the recipe: its digest is there when its job is done, and is never that of another file."""

import hashlib

import pytest
from my_service.files.jobs import digest_file
from my_service.jobs.worker import Worker

from .support.databases import make_database
from .support.framework import client_for


@pytest.fixture
def settings(settings, tmp_path):
    changes = {"database_url": make_database("recipe"), "upload_folder": tmp_path}
    return settings.model_copy(update=changes)


@pytest.fixture
def client(app):
    """Yield a client whose requests commit, because workers do."""
    with client_for(app) as client:
        yield client


def upload(client, content):
    assert client.put("/api/v1/files/a", content=content).status_code == 204


def digest(client):
    response = client.get("/api/v1/files/a/digest")
    return response.json()["sha256"] if response.status_code == 200 else response.status_code


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def test_upload_is_processed(client, settings):
    upload(client, b"first")
    assert digest(client) == 404

    assert Worker(settings, [digest_file]).drain() == 1
    assert digest(client) == sha256(b"first")

    upload(client, b"second")
    assert Worker(settings, [digest_file]).drain() == 1
    assert digest(client) == sha256(b"second")


def test_file_that_is_replaced_meanwhile_is_left_to_its_own_job(client, settings, monkeypatch):
    file_digest, before = hashlib.file_digest, []

    def replace_file(file, name):
        before.append(digest(client))
        if len(before) == 1:
            upload(client, b"second")
        return file_digest(file, name)

    monkeypatch.setattr(hashlib, "file_digest", replace_file)
    upload(client, b"first")

    assert Worker(settings, [digest_file]).drain() == 2

    assert before == [404, 404]
    assert digest(client) == sha256(b"second")


def test_file_that_is_gone_fails_its_job(client, settings, tmp_path):
    upload(client, b"first")
    (tmp_path / "a").unlink()

    assert Worker(settings, [digest_file]).drain() == 1
    assert digest(client) == 404
