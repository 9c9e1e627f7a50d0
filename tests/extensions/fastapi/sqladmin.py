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


def test_admin_creates_edits_and_deletes_rows(app):
    form = {"slug": "first", "title": "First", "body": "Hello", "owner": "ada"}
    with client_for(app) as client:
        client.follow_redirects = False
        created = client.post("/admin/post/create", data=form)
        identifier = client.get("/api/v1/posts").json()["items"][0]["id"]
        page = client.get("/admin/post/list")
        edited = client.post(f"/admin/post/edit/{identifier}", data=form | {"title": "Second"})
        after = client.get("/api/v1/posts").json()["items"]
        deleted = client.delete("/admin/post/delete", params={"pks": identifier})
        empty = client.get("/api/v1/posts").json()["items"]

    assert (created.status_code, edited.status_code, deleted.status_code) == (302, 302, 200)
    assert "First" in page.text
    assert [post["title"] for post in after] == ["Second"]
    assert empty == []


def test_page_can_load_its_scripts(app):
    with client_for(app) as client:
        page = client.get("/admin/post/list")
        sources = re.findall(r'(?:src|href)="([^"]+\.(?:js|css)[^"]*)"', page.text)
        assets = [client.get(source) for source in sources if source.startswith(("/", "http://localhost/"))]

    assert page.headers["Content-Security-Policy"].startswith("default-src 'self'; script-src")
    assert sources
    assert len(assets) == len(sources)
    assert {asset.status_code for asset in assets} == {200}


def test_other_clients_are_rejected(app):
    with client_for(app, "192.0.2.1") as client:
        response = client.get("/admin/post/list")

    assert response.status_code == 403
