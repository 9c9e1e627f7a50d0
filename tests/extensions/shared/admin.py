# mypy: ignore-errors
"""Pages of an administration for posts."""

import re

import pytest
from my_service import create_app

from ..support.databases import make_database
from ..support.framework import client_for
from ..support.settings import SECRET_KEY, IsolatedSettings

FORM = {"slug": "first", "title": "First", "body": "Hello", "owner": "ada"}


@pytest.fixture
def app():
    return create_app(IsolatedSettings(environment="test", secret_key=SECRET_KEY, database_url=make_database()))


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
