"""Every error is a problem document, and says nothing that is not for the client."""

from typing import NoReturn

import httpx2
import pytest

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.web.problems import ProblemError

from ..support.framework import App, client_for, refuse, route
from ..support.settings import IsolatedSettings


def crash() -> NoReturn:
    raise RuntimeError("an internal of the service")


def test_unknown_path_is_a_problem(client: httpx2.Client) -> None:
    response = client.get("/nowhere")

    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "request_id": response.headers["X-Request-ID"],
    }


def test_error_says_why_in_the_words_of_its_author(app: App) -> None:
    route(app, "/refuse", refuse)

    with client_for(app) as client:
        response = client.get("/refuse")

    assert response.status_code == 409
    assert response.json()["title"] == "Conflict"
    assert response.json()["detail"] == "The title is taken."


def test_unhandled_error_is_a_problem_that_tells_nothing(
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
    assert "an internal of the service" in caplog.text


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


class Unchanged(ProblemError):
    status = 304
    headers = {"ETag": '"1"'}


def test_error_of_the_service_is_a_problem(app: App) -> None:
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


def test_status_of_the_service_that_is_no_error_has_no_problem(app: App) -> None:
    def be_unchanged() -> NoReturn:
        raise Unchanged

    route(app, "/unchanged", be_unchanged)

    with client_for(app) as client:
        response = client.get("/unchanged")

    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["ETag"] == '"1"'
    assert "Content-Type" not in response.headers
