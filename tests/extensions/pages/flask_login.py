# mypy: ignore-errors
from flask_login import login_required, login_user
from my_service.login import User, login_manager

from .pages.browser import browser_of


def test_page_that_requires_a_login_is_an_error_page_or_a_redirect(app):
    @app.get("/private")
    @login_required
    def private():
        return "private"

    with browser_of(app) as browser:
        page = browser.get("/private")
        login_manager.login_view = "pages.home"
        try:
            redirect = browser.get("/private")
        finally:
            login_manager.login_view = None

    assert (page.status_code, page.headers["Content-Type"]) == (401, "text/html; charset=utf-8")
    assert redirect.headers["Location"].startswith("/?next=")


def test_session_is_that_of_pages(app):
    @app.post("/enter")
    def enter():
        login_user(User("42"))
        return ""

    with browser_of(app) as browser:
        assert browser.post("/enter").headers["Set-Cookie"].startswith("__Host-session=")
