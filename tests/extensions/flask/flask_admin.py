# mypy: ignore-errors
import re

import pytest
from my_service import create_app

from .support.databases import make_database
from .support.framework import client_for
from .support.settings import SECRET_KEY, IsolatedSettings


@pytest.fixture
def app():
    return create_app(IsolatedSettings(environment="test", secret_key=SECRET_KEY, database_url=make_database()))


def test_admin_creates_lists_and_deletes_rows(app):
    form = {"slug": "first", "title": "First", "body": "Hello", "owner": "ada"}
    with client_for(app) as client:
        created = client.post("/admin/post/new/", data=form)
        page = client.get("/admin/post/")
        identifier = client.get("/api/v1/posts").json()["items"][0]["id"]
        edited = client.post("/admin/post/edit/", params={"id": identifier}, data=form | {"title": "Second"})
        after = client.get("/admin/post/")
        deleted = client.post("/admin/post/delete/", data={"id": identifier})
        empty = client.get("/admin/post/")

    assert (created.status_code, edited.status_code, deleted.status_code) == (302, 302, 302)
    assert "First" in page.text
    assert "Second" in after.text
    assert identifier not in empty.text


def test_page_can_load_its_scripts(app):
    with client_for(app) as client:
        page = client.get("/admin/post/")
        nonce = re.search(r"'nonce-([^']+)'", page.headers["Content-Security-Policy"])[1]
        scripts = re.findall(r"<script[^>]*>", page.text)
        sources = re.findall(r'(?:src|href)="(/admin/static/[^"]+)"', page.text)
        assets = [client.get(source.replace("&amp;", "&")) for source in sources]

    assert scripts
    assert [script for script in scripts if "src=" not in script and nonce not in script] == []
    assert {asset.status_code for asset in assets} == {200}


def test_other_clients_are_rejected(app):
    with client_for(app, "192.0.2.1") as client:
        response = client.get("/admin/post/")

    assert response.status_code == 403
