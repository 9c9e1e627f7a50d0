# mypy: ignore-errors
import pytest
from my_service import create_app

from .support.framework import client_for
from .support.settings import SECRET_KEY, IsolatedSettings


@pytest.fixture
def debugged(monkeypatch):
    monkeypatch.setenv("FLASK_DEBUG", "1")
    return create_app(IsolatedSettings(secret_key=SECRET_KEY))


def test_html_has_the_toolbar(debugged):
    debugged.add_url_rule("/page", view_func=lambda: "<!doctype html><body>page</body>", endpoint="page")

    with client_for(debugged) as client:
        page, about = client.get("/page"), client.get("/api/v1/about")
        asset = client.get("/_debug_toolbar/static/js/toolbar.js")

    assert 'id="flDebug"' in page.text
    assert "'unsafe-inline'" in page.headers["Content-Security-Policy"]
    assert asset.status_code == 200
    assert "flDebug" not in about.text
    assert about.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_there_is_no_toolbar_without_debug_mode(app):
    app.add_url_rule("/page", view_func=lambda: "<!doctype html><body>page</body>", endpoint="page")

    with client_for(app) as client:
        assert "flDebug" not in client.get("/page").text
