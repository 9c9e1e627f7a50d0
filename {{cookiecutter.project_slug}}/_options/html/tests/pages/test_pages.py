"""The pages of the site: the home page, errors, headers."""

from typing import NoReturn

import httpx2
import pytest
from pydantic import ValidationError

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.metadata import NAME

from ..support.framework import App, client_for, raise_conflict, route
from ..support.settings import SECRET_KEY, IsolatedSettings
from .browser import ACCEPT, browser_of, links

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


def test_home_page_has_the_headers_of_pages(browser: httpx2.Client) -> None:
    page = browser.get("/")

    assert page.status_code == 200
    assert f"<h1>{NAME}</h1>" in page.text
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Content-Security-Policy"] == POLICY
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["Cache-Control"] == "private, no-cache"
    assert page.headers["X-Content-Type-Options"] == "nosniff"


def test_api_keeps_its_own_headers(browser: httpx2.Client) -> None:
    response = browser.get("/api/v1/about")

    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; base-uri")
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"


def test_documentation_keeps_its_own_policy(browser: httpx2.Client) -> None:
    assert "script-src 'self'" in browser.get("/docs").headers["Content-Security-Policy"]


def test_home_page_offers_the_documentation_if_it_is_served() -> None:
    served = [IsolatedSettings(docs=docs, environment="development") for docs in (True, False)]
    pages = []
    for settings in served:
        with browser_of(create_app(settings)) as browser:
            pages.append(browser.get("/"))

    assert ["/docs" in links(page) for page in pages] == [True, False]


def test_browser_gets_errors_as_pages(browser: httpx2.Client) -> None:
    page = browser.get("/unknown", headers={"X-Request-ID": "request-of-this-test"})

    assert page.status_code == 404
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Content-Security-Policy"] == POLICY
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Request-ID"] == "request-of-this-test"
    assert "<h1>Not Found</h1>" in page.text
    assert "request-of-this-test" in page.text


@pytest.mark.parametrize("path", ["/api", "/api/unknown", "/livez/unknown", "/docs/unknown"])
def test_errors_below_the_api_are_problem_documents(browser: httpx2.Client, path: str) -> None:
    problem = browser.get(path)

    assert problem.headers["Content-Type"] == "application/problem+json"
    assert problem.json()["request_id"] == problem.headers["X-Request-ID"]


def test_other_clients_get_problem_documents(client: httpx2.Client) -> None:
    for path in ("/unknown", "/apiary"):
        assert client.get(path).json()["status"] == 404


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/html", "text/html"),
        ("application/json, Text/HTML;level=1 ; q=0.001", "text/html"),
        ("text/html;q=1.0", "text/html"),
        ("text/html;q=0", "application/problem+json"),
        ("application/json, text/html; Q=0.00, */*", "application/problem+json"),
        ("text/htmlx", "application/problem+json"),
        (";,text/html=", "application/problem+json"),
    ],
)
def test_quality_of_0_means_not_acceptable(
    browser: httpx2.Client, accept: str, media_type: str
) -> None:
    error = browser.get("/unknown", headers={"Accept": accept})

    assert error.headers["Content-Type"].partition(";")[0] == media_type


def test_error_page_keeps_the_detail_and_the_headers_of_the_problem(
    app: App, browser: httpx2.Client
) -> None:
    route(app, "/conflict", raise_conflict)

    conflict = browser.get("/conflict")
    not_allowed = browser.delete("/")

    assert (conflict.status_code, "The title is taken." in conflict.text) == (409, True)
    assert not_allowed.status_code == 405
    assert "GET" in not_allowed.headers["Allow"]


def test_error_page_escapes_its_detail(app: App, browser: httpx2.Client) -> None:
    page = browser.get("/<script>alert(1)</script>")

    assert page.status_code == 404
    assert "<script" not in page.text


def test_unhandled_error_is_a_page(app: App, browser: httpx2.Client) -> None:
    def fail() -> NoReturn:
        raise ZeroDivisionError

    route(app, "/fail", fail)

    page = browser.get("/fail")

    assert page.status_code == 500
    assert "<h1>Internal Server Error</h1>" in page.text
    assert page.headers["X-Request-ID"] in page.text


def test_requests_rejected_before_the_application_get_pages(browser: httpx2.Client) -> None:
    too_large = browser.post("/", content=bytes(2 * 1024 * 1024))
    wrong_host = browser.get("/", headers={"Host": "other.example"})

    for page, status in ((too_large, 413), (wrong_host, 400)):
        assert page.status_code == status
        assert page.headers["Content-Security-Policy"] == POLICY
        assert page.headers["X-Request-ID"] in page.text


def test_pages_have_the_root_path_in_their_urls() -> None:
    app = create_app(IsolatedSettings(root_path="/shop"))
    with browser_of(app) as browser:
        for path in ("/", "/shop", "/shop/", "/shop/unknown"):
            page = browser.get(path)
            local = [link for link in links(page) if not link.startswith("#")]
            assert all(link.startswith("/shop/") for link in local), local
            assert browser.get(local[0]).status_code == 200
        assert browser.get("/shop?x=1").text == browser.get("/shop/").text


def test_cookies_and_scripts_are_not_needed(browser: httpx2.Client) -> None:
    page = browser.get("/")

    assert "Set-Cookie" not in page.headers
    assert "<script" not in page.text


def test_root_path_begins_no_page() -> None:
    with pytest.raises(ValidationError, match="must not begin a path of the service"):
        IsolatedSettings(root_path="/static")


def test_pages_are_served_in_production(production_settings: dict[str, object]) -> None:
    app = create_app(IsolatedSettings.model_validate(production_settings))
    with client_for(app) as client:
        page = client.get("/", headers={"Accept": ACCEPT})

    assert page.status_code == 200
    assert SECRET_KEY not in page.text
