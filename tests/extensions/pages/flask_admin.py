# mypy: ignore-errors
from .pages.browser import browser_of


def test_pages_of_both_keep_their_policy(app):
    with browser_of(app) as browser:
        administration, posts = browser.get("/admin/post/"), browser.get("/posts")

    assert "script-src 'self' 'nonce-" in administration.headers["Content-Security-Policy"]
    assert administration.headers["Referrer-Policy"] == "same-origin"
    assert posts.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert posts.status_code == 200
