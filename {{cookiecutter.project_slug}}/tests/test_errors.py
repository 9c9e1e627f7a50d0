"""Every error is a problem document, and says nothing that is not for the client."""

from typing import NoReturn

import httpx2
import pytest

from .conftest import App, IsolatedSettings, create_app
from .framework import client_for, refuse, route


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
