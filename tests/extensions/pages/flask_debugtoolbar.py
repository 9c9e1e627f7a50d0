# mypy: ignore-errors
from my_service import create_app

from .pages.browser import browser_of
from .support.settings import SECRET_KEY, IsolatedSettings


def test_pages_have_the_toolbar_in_debug_mode_only(app, monkeypatch):
    monkeypatch.setenv("FLASK_DEBUG", "1")
    pages = []
    for each in (create_app(IsolatedSettings(secret_key=SECRET_KEY)), app):
        with browser_of(each) as browser:
            pages.append(browser.get("/"))

    assert ['id="flDebug"' in page.text for page in pages] == [True, False]
    policies = [page.headers["Content-Security-Policy"] for page in pages]
    assert ["'unsafe-inline'" in policy for policy in policies] == [True, False]
