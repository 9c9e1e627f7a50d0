# mypy: ignore-errors
"""The page of contact of the recipe: what a visitor writes is mailed."""

from email import message_from_bytes
from email.policy import default

import pytest
from my_service.jobs.worker import Worker
from my_service.mail.jobs import send_mail
from pydantic import SecretStr

from .pages.browser import browser_of
from .support.databases import make_database

TYPED = {"email": "visitor@example.com", "text": "Do you bake <rye> bread?\r\nI like it."}


@pytest.fixture
def settings(settings, tmp_path):
    changes = {
        "database_url": make_database("recipe"),
        "mail_url": SecretStr(f"file:{tmp_path}"),
        "contact_to": "bakery@example.com",
    }
    return settings.model_copy(update=changes)


@pytest.fixture
def visitor(app):
    """Yield a browser whose requests commit, because workers do."""
    with browser_of(app) as browser:
        yield browser


def test_message_is_mailed(visitor, settings, tmp_path):
    sent = visitor.post("/contact", data=TYPED)
    assert (sent.status_code, sent.headers["Location"]) == (303, "/")
    home = visitor.get("/").text
    assert "Your message will be sent." in home
    assert 'href="/contact"' in home

    assert Worker(settings, [send_mail]).drain() == 1

    (path,) = tmp_path.glob("*.eml")
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert (message["To"], message["Subject"]) == ("bakery@example.com", "From a visitor")
    text, html = (message.get_body([kind]).get_content() for kind in ("plain", "html"))
    assert text.split("\r\n") == ["visitor@example.com writes:", "", "Do you bake <rye> bread?", "I like it.", ""]
    assert "<pre>Do you bake &lt;rye&gt; bread?\r\nI like it.</pre>" in html


def test_form_shows_its_errors_and_keeps_what_was_typed(visitor, settings):
    assert '<textarea id="text"' in visitor.get("/contact").text.replace("\n", " ")

    invalid = visitor.post("/contact", data=TYPED | {"email": "visitor"})

    assert invalid.status_code == 422
    assert "Must be an e-mail address." in invalid.text
    assert "Do you bake &lt;rye&gt; bread?" in invalid.text
    assert Worker(settings, [send_mail]).drain() == 0
