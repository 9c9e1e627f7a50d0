"""Error responses: problem documents without internal details."""

from typing import NoReturn

import httpx2
import pytest

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.web.problems import ProblemError

from ..support.framework import App, client_for, raise_conflict, route
from ..support.settings import IsolatedSettings


def crash() -> NoReturn:
    raise RuntimeError("an internal detail")


def test_unknown_path_is_a_problem(client: httpx2.Client) -> None:
    response = client.get("/unknown")

    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "request_id": response.headers["X-Request-ID"],
    }


def test_http_error_contains_its_detail(app: App) -> None:
    route(app, "/conflict", raise_conflict)

    with client_for(app) as client:
        response = client.get("/conflict")

    assert response.status_code == 409
    assert response.json()["title"] == "Conflict"
    assert response.json()["detail"] == "The title is taken."


def test_unhandled_error_is_a_problem_without_details(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    route(app, "/crash", crash)

    with client_for(app) as client:
        response = client.get("/crash")

    assert response.status_code == 500
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json() == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "request_id": response.headers["X-Request-ID"],
    }
    assert "an internal detail" in caplog.text


def test_debug_shows_the_traceback_of_an_unhandled_error() -> None:
    app = create_app(IsolatedSettings(debug=True))
    route(app, "/crash", crash)

    with client_for(app) as client:
        response = client.get("/crash")

    assert response.status_code == 500
    assert "in crash\n" in response.json()["detail"]


class TooManyLegs(ProblemError):
    status = 422
    detail = "It has too many legs."
    headers = {"X-Legs": "8"}
    invalid = ({"loc": ("body", "legs"), "msg": "At most six"},)


class NotModified(ProblemError):
    status = 304
    headers = {"ETag": '"1"'}


def test_problem_error_is_a_problem(app: App) -> None:
    def fail() -> NoReturn:
        raise TooManyLegs

    route(app, "/legs", fail)

    with client_for(app) as client:
        response = client.get("/legs")

    assert response.status_code == 422
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["X-Legs"] == "8"
    assert response.json()["detail"] == "It has too many legs."
    assert response.json()["errors"] == [
        {"location": "body", "pointer": "/legs", "detail": "At most six"}
    ]


def test_problem_error_with_status_304_has_no_body(app: App) -> None:
    def raise_not_modified() -> NoReturn:
        raise NotModified

    route(app, "/not-modified", raise_not_modified)

    with client_for(app) as client:
        response = client.get("/not-modified")

    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["ETag"] == '"1"'
    assert "Content-Type" not in response.headers
