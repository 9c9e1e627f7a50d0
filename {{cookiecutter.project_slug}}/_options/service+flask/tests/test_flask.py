"""What Flask itself promises about an application: its own test client and its own commands."""

import json
import threading
from io import BytesIO
from typing import NoReturn

import httpx2
import pytest
from flask import Response, abort, request
from flask.testing import FlaskClient, FlaskCliRunner
from pydantic import Field
from werkzeug.exceptions import HTTPException
from werkzeug.test import create_environ, run_wsgi_app

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.cli.main import main
from {{ cookiecutter.package_name }}.web.health import get_checks
from {{ cookiecutter.package_name }}.web.schemas import Schema

from .support.framework import App, client_for, hang, operation, route_body
from .support.settings import SECRET_KEY, IsolatedSettings


class Odd(HTTPException):
    code = 499
    description = "Nobody knows this status."


@pytest.fixture
def flask_client(app: App) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def runner(app: App) -> FlaskCliRunner:
    return app.test_cli_runner()


def test_test_client_reaches_the_views(flask_client: FlaskClient) -> None:
    response = flask_client.get("/api/v1/about")

    assert response.status_code == 200
    assert response.json is not None
    assert response.json["environment"] == "test"


@pytest.mark.parametrize(
    ("service_environment", "debug"),
    [("development", True), ("test", False), ("production", False)],
)
def test_debug_mode_is_for_development(
    service_environment: str, debug: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    settings = {"environment": service_environment, "secret_key": SECRET_KEY}

    assert create_app(IsolatedSettings.model_validate(settings)).debug is debug


def test_flask_knows_every_command_of_the_service_but_those_that_serve(
    runner: FlaskCliRunner,
) -> None:
    for name in set(main.commands) - {"run", "serve"}:
        assert runner.invoke(args=[name, "--help"]).exit_code == 0


def test_hanging_check_holds_one_thread_however_often_it_is_asked(
    app: App, client: httpx2.Client
) -> None:
    get_checks(app).add("queue", hang, deadline=0.01)
    before = daemons()

    assert [client.get("/readyz").status_code for _ in range(3)] == [503, 503, 503]
    assert daemons() == before + 1


def daemons() -> int:
    """Count the threads that nobody waits for."""
    return sum(thread.daemon for thread in threading.enumerate())


def test_body_of_unknown_length_is_counted() -> None:
    app = create_app(IsolatedSettings(max_body_size=10))
    route_body(app, "/echo", list[int])

    def post(content: bytes, path: str = "/echo") -> str:
        environ = create_environ(path, method="POST", content_type="application/json")
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
        chunked = {"wsgi.input": BytesIO(content), "wsgi.input_terminated": True}
        _, status, _ = run_wsgi_app(app, environ | chunked)
        return status

    assert post(b"[1,2,3456]") == "200 OK"
    assert post(b"[1,2,34567]") == "413 REQUEST ENTITY TOO LARGE"
    assert post(b"[1,2,34567]", "/nowhere") == "404 NOT FOUND"


@pytest.mark.parametrize(("log_level", "statuses"), [("INFO", [500]), ("WARNING", [])])
def test_error_that_the_debugger_wants_reaches_the_server(
    log_level: str,
    statuses: list[int],
    deployed: dict[str, object],
    capsys: pytest.CaptureFixture[str],
) -> None:
    def crash() -> NoReturn:
        raise RuntimeError("for the debugger")

    app = create_app(IsolatedSettings.model_validate({"log_level": log_level, **deployed}))
    app.testing = True
    app.add_url_rule("/crash", view_func=crash)

    with client_for(app) as client, pytest.raises(RuntimeError, match="for the debugger"):
        client.get("/crash")

    assert [json.loads(line)["status"] for line in capsys.readouterr().err.splitlines()] == statuses


def test_operation_may_return_a_response_or_nothing(app: App) -> None:
    def make() -> Response:
        return Response("made", mimetype="text/plain")

    def delete() -> None:
        pass

    app.add_url_rule("/made", view_func=operation(app, make))
    app.add_url_rule("/deleted", view_func=operation(app, delete, status=204))

    with client_for(app) as client:
        made, deleted = client.get("/made"), client.get("/deleted")
        document = client.get("/openapi.json").json()

    assert (made.text, made.headers["Content-Type"]) == ("made", "text/plain; charset=utf-8")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert "content" not in document["paths"]["/deleted"]["get"]["responses"]["204"]


def test_operation_may_take_and_return_headers(app: App) -> None:
    class Language(Schema):
        language: str = Field(default="en", alias="Accept-Language")

    def greet(headers: Language) -> tuple[str, int, dict[str, str]]:
        return "hello", 200, {"Content-Language": headers.language}

    greet.__annotations__["headers"] = Language
    app.add_url_rule("/greeting", view_func=operation(app, greet))

    with client_for(app) as client:
        response = client.get("/greeting", headers={"Accept-Language": "eo"})
        document = client.get("/openapi.json").json()

    assert (response.json(), response.headers["Content-Language"]) == ("hello", "eo")
    (parameter,) = document["paths"]["/greeting"]["get"]["parameters"]
    assert (parameter["in"], parameter["name"]) == ("header", "Accept-Language")
    assert "Language" not in document["components"]["schemas"]


def test_operation_may_authenticate_before_it_reads_a_form(app: App) -> None:
    class Form(Schema):
        number: int

    def key() -> str:
        return request.headers.get("X-Key") or abort(401)

    def optional_key() -> str | None:
        return request.headers.get("X-Key")

    def double(form: Form) -> int:
        return 2 * form.number

    double.__annotations__["form"] = Form
    app.extensions["security_schemes"] = {
        "Key": {"type": "apiKey", "in": "header", "name": "X-Key"}
    }
    for name, security in {"locked": key, "open": optional_key}.items():
        view = operation(app, double, security=security)
        app.add_url_rule(f"/{name}", name, view, methods=["POST"])

    with client_for(app) as client:
        refused = client.post("/locked", data={"number": "none"})
        doubled = client.post("/locked", data={"number": "2"}, headers={"X-Key": "mine"})
        invalid = client.post("/open", data={"number": "none"})
        paths = client.get("/openapi.json").json()["paths"]

    assert (refused.status_code, doubled.json(), invalid.status_code) == (401, 4, 422)
    body = paths["/locked"]["post"]["requestBody"]
    assert list(body["content"]) == ["application/x-www-form-urlencoded"]
    assert paths["/locked"]["post"]["security"] == [{"Key": []}]
    assert paths["/open"]["post"]["security"] == [{"Key": []}, {}]


def test_status_that_nobody_knows_is_a_problem(app: App) -> None:
    def be_odd() -> NoReturn:
        raise Odd(description="It is odd.")

    app.add_url_rule("/odd", view_func=be_odd)

    with client_for(app) as client:
        response = client.get("/odd")

    assert response.status_code == response.json()["status"] == 499
    assert response.json()["detail"] == "It is odd."
