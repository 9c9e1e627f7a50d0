# mypy: ignore-errors
"""The announcement of the recipe: one message for each post that is published."""

from email import message_from_bytes
from email.policy import default

import pytest
from my_service.jobs.worker import Worker
from my_service.posts.jobs import announce_post
from pydantic import SecretStr

from .support.databases import make_database
from .support.framework import client_for

POST = {"title": "A title", "body": "1 < 2", "owner": "alice", "slug": "post"}
READERS = "readers@example.com"


@pytest.fixture
def settings(settings, tmp_path):
    changes = {
        "database_url": make_database("recipe"),
        "mail_url": SecretStr(f"file:{tmp_path}"),
        "announce_to": READERS,
    }
    return settings.model_copy(update=changes)


@pytest.fixture
def client(app):
    """Yield a client whose requests commit, because workers do."""
    with client_for(app) as client:
        yield client


def publish(client, slug):
    post_id = client.post("/api/v1/posts", json=POST | {"slug": slug}).json()["id"]
    for _ in range(2):
        assert client.post(f"/api/v1/posts/{post_id}/publish").status_code == 200
    return post_id


def test_published_post_is_announced_once(client, settings, tmp_path):
    client.post("/api/v1/posts", json=POST)
    publish(client, "published")

    assert Worker(settings, [announce_post]).drain() == 1

    (path,) = tmp_path.glob("*.eml")
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert (message["To"], message["Subject"]) == (READERS, "A title")
    text, html = (message.get_body([kind]).get_content() for kind in ("plain", "html"))
    assert text.split() == ["A", "new", "post:", "A", "title", "1", "<", "2"]
    assert "<p>1 &lt; 2</p>" in html


def test_nothing_is_sent_without_an_address_or_for_a_deleted_post(client, settings, tmp_path):
    post_id = publish(client, "deleted")
    etag = client.get(f"/api/v1/posts/{post_id}").headers["ETag"]
    assert client.delete(f"/api/v1/posts/{post_id}", headers={"If-Match": etag}).status_code == 204
    assert Worker(settings, [announce_post]).drain() == 1

    publish(client, "published")
    unset = settings.model_copy(update={"announce_to": None})
    assert Worker(unset, [announce_post]).drain() == 1

    assert [*tmp_path.glob("*.eml")] == []
