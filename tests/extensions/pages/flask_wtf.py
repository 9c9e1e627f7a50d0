# mypy: ignore-errors
from .pages.browser import browser_of


def test_form_has_the_headers_and_the_check_of_pages(app):
    with browser_of(app) as browser:
        page = browser.get("/contact")
        rejected = browser.post("/contact", data={"name": "Ada"})

    assert "form-action 'self'" in page.headers["Content-Security-Policy"]
    assert (rejected.status_code, rejected.headers["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert "The CSRF token is missing." in rejected.text


def test_forms_of_the_project_need_no_token(app):
    with browser_of(app) as browser:
        assert browser.post("/posts/new", data={}).status_code == 422
