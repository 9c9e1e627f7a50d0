# mypy: ignore-errors
import re

from .support.framework import client_for


def test_form_needs_its_token(app):
    with client_for(app) as client:
        client.base_url = "https://localhost"
        client.headers["Referer"] = "https://localhost/contact"
        page = client.get("/contact")
        token = re.search(r'name="csrf_token" type="hidden" value="([^"]+)"', page.text)[1]
        rejected = client.post("/contact", data={"name": "Ada"})
        accepted = client.post("/contact", data={"name": "Ada", "csrf_token": token})
        invalid = client.post("/contact", data={"name": "", "csrf_token": token})

    assert page.headers["Content-Security-Policy"] == "default-src 'self'; form-action 'self'"
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert (rejected.status_code, rejected.json()["detail"]) == (400, "The CSRF token is missing.")
    assert rejected.headers["Content-Type"] == "application/problem+json"
    assert accepted.text == "Thank you, Ada"
    assert "<form" in invalid.text


def test_api_needs_no_token(app):
    with client_for(app) as client:
        assert client.post("/api/v1/posts", json={}).status_code == 422
