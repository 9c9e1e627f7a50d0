"""Behaviour specific to Flask: its test client, commands, debug mode and operations."""

import json
import logging
import threading
from io import BytesIO
from threading import Thread
from typing import NoReturn

import httpx2
import pytest
from flask import Response, abort, redirect, request, session
from flask.testing import FlaskClient, FlaskCliRunner
from pydantic import Field
from werkzeug.exceptions import HTTPException
from werkzeug.serving import make_server
from werkzeug.test import create_environ, run_wsgi_app

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.cli.main import main
from {{ cookiecutter.package_name }}.web.health import get_checks
from {{ cookiecutter.package_name }}.web.schemas import Schema

from .support.framework import App, client_for, hang, operation, route_body
from .support.settings import SECRET_KEY, IsolatedSettings


class UnregisteredStatus(HTTPException):
    code = 499
    description = "The status is not registered."


def test_test_client_reaches_the_views(flask_client: FlaskClient) -> None:
    response = flask_client.get("/api/v1/about")

    assert response.status_code == 200
    assert response.json is not None
    assert response.json["environment"] == "test"


def test_config_has_what_flask_and_extensions_read(app: App) -> None:
    development = create_app(IsolatedSettings(max_body_size=10))

    assert app.config["SECRET_KEY"] == SECRET_KEY
    assert app.testing
    assert app.config["SESSION_COOKIE_SECURE"]
    # {% if "html" in cookiecutter.__facts %}
    # Random: sessions work, and end when the service restarts.
    assert len(development.config["SECRET_KEY"]) == 64
    # {% endif %}
    # {% if "html" not in cookiecutter.__facts %}
    assert development.config["SECRET_KEY"] is None
    # {% endif %}
    assert development.config["MAX_CONTENT_LENGTH"] == 10
    assert not development.testing
    assert not development.config["SESSION_COOKIE_SECURE"]


def test_session_cookie_is_signed(app: App, flask_client: FlaskClient) -> None:
    def count() -> str:
        session["visits"] = session.get("visits", 0) + 1
        return str(session["visits"])

    app.add_url_rule("/visits", view_func=count)

    responses = [flask_client.get("/visits", base_url="https://localhost") for _ in range(2)]

    assert [response.text for response in responses] == ["1", "2"]
    assert "Secure; HttpOnly; Path=/; SameSite=Lax" in responses[0].headers["Set-Cookie"]


@pytest.mark.parametrize(
    "headers", [{"CONTENT_LENGTH": "10"}, {"HTTP_TRANSFER_ENCODING": "chunked"}]
)
def test_limit_of_a_view_applies_to_its_body(app: App, headers: dict[str, str]) -> None:
    def read(limit: int) -> bytes:
        request.max_content_length = limit
        return b"".join(iter(lambda: request.stream.read(4), b""))

    app.add_url_rule("/read/<int:limit>", view_func=read, methods=["POST"])
    for path, expected in (("/read/10", "200 OK"), ("/read/9", "413 REQUEST ENTITY TOO LARGE")):
        body = {"wsgi.input": BytesIO(bytes(10)), "wsgi.input_terminated": True}
        environ = create_environ(path, method="POST") | headers | body
        _, status, _ = run_wsgi_app(app, environ)

        assert status == expected


def test_chunked_body_is_empty_if_the_server_does_not_decode_it(app: App) -> None:
    app.add_url_rule("/read", view_func=lambda: request.stream.read(), methods=["POST"])
    environ = create_environ("/read", method="POST") | {"HTTP_TRANSFER_ENCODING": "chunked"}

    body, status, _ = run_wsgi_app(app, environ | {"wsgi.input": BytesIO(bytes(10))})

    assert (b"".join(body), status) == (b"", "200 OK")


def test_development_server_logs_each_request_once(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("werkzeug").setLevel(logging.INFO)
    server = make_server("127.0.0.1", 0, app)
    thread = Thread(target=server.handle_request)
    thread.start()
    with caplog.at_level(logging.INFO):
        httpx2.get(f"http://127.0.0.1:{server.port}/livez", timeout=20)
        thread.join()
    server.server_close()

    lines = [each for each in caplog.records if each.name == "werkzeug" or each.msg == "request"]
    assert [each.msg for each in lines] == ["request"]


@pytest.mark.parametrize(
    ("service_environment", "is_debug"),
    [("development", True), ("test", False)],
)
def test_debug_mode_is_enabled_in_development_only(
    service_environment: str, is_debug: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    settings = {"environment": service_environment, "secret_key": SECRET_KEY}

    assert create_app(IsolatedSettings.model_validate(settings)).debug is is_debug


def test_flask_cli_has_all_commands_except_run_and_serve(
    runner: FlaskCliRunner,
) -> None:
    for name in set(main.commands) - {"run", "serve"}:
        assert runner.invoke(args=[name, "--help"]).exit_code == 0


def test_hanging_check_blocks_only_one_thread(app: App, client: httpx2.Client) -> None:
    get_checks(app).add("queue", hang, deadline=0.01)
    before = count_daemon_threads()

    assert [client.get("/readyz").status_code for _ in range(3)] == [503, 503, 503]
    assert count_daemon_threads() == before + 1


def count_daemon_threads() -> int:
    """Count the daemon threads."""
    return sum(thread.daemon for thread in threading.enumerate())


def test_chunked_body_size_is_limited() -> None:
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
    assert post(b"[1,2,34567]", "/unknown") == "404 NOT FOUND"


@pytest.mark.parametrize(("log_level", "statuses"), [("INFO", [500]), ("WARNING", [])])
def test_error_is_propagated_in_testing_mode(
    log_level: str,
    statuses: list[int],
    production_settings: dict[str, object],
    capsys: pytest.CaptureFixture[str],
) -> None:
    def crash() -> NoReturn:
        raise RuntimeError("propagated")

    app = create_app(
        IsolatedSettings.model_validate({"log_level": log_level, **production_settings})
    )
    app.testing = True
    app.add_url_rule("/crash", view_func=crash)

    with client_for(app) as client, pytest.raises(RuntimeError, match="propagated"):
        client.get("/crash")

    assert [json.loads(line)["status"] for line in capsys.readouterr().err.splitlines()] == statuses


def test_operation_can_return_a_response_or_none(app: App) -> None:
    def read() -> Response:
        return Response("text", mimetype="text/plain")

    def delete() -> None:
        pass

    app.add_url_rule("/text", view_func=operation(app, read))
    app.add_url_rule("/deleted", view_func=operation(app, delete, status=204))

    with client_for(app) as client:
        text, deleted = client.get("/text"), client.get("/deleted")
        document = client.get("/openapi.json").json()

    assert (text.text, text.headers["Content-Type"]) == ("text", "text/plain; charset=utf-8")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert "content" not in document["paths"]["/deleted"]["get"]["responses"]["204"]


def test_operation_can_read_and_return_headers(app: App) -> None:
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


def test_operation_authenticates_before_it_reads_the_form(app: App) -> None:
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
        rejected = client.post("/locked", data={"number": "none"})
        doubled = client.post("/locked", data={"number": "2"}, headers={"X-Key": "mine"})
        invalid = client.post("/open", data={"number": "none"})
        paths = client.get("/openapi.json").json()["paths"]

    assert (rejected.status_code, doubled.json(), invalid.status_code) == (401, 4, 422)
    body = paths["/locked"]["post"]["requestBody"]
    assert list(body["content"]) == ["application/x-www-form-urlencoded"]
    assert paths["/locked"]["post"]["security"] == [{"Key": []}]
    assert paths["/open"]["post"]["security"] == [{"Key": []}, {}]


def test_unregistered_status_is_a_problem(app: App) -> None:
    def raise_unregistered_status() -> NoReturn:
        raise UnregisteredStatus(description="The detail of this error.")

    app.add_url_rule("/unregistered", view_func=raise_unregistered_status)

    with client_for(app) as client:
        response = client.get("/unregistered")

    assert response.status_code == response.json()["status"] == 499
    assert response.json()["detail"] == "The detail of this error."


@pytest.mark.parametrize("detail", [{"an": "object"}, ["a list"]])
def test_error_with_another_detail_than_text_is_a_problem_without_it(
    app: App, detail: object
) -> None:
    app.add_url_rule("/missing", view_func=lambda: abort(404, detail))

    with client_for(app) as client:
        response = client.get("/missing")

    assert response.status_code == 404
    assert "detail" not in response.json()


def test_response_of_an_error_is_sent(app: App) -> None:
    own = Response("of the view", status=401)
    app.add_url_rule("/locked", "locked", lambda: abort(401, response=own))
    app.add_url_rule("/moved", "moved", lambda: abort(redirect("/elsewhere")))

    with client_for(app) as client:
        locked, moved = client.get("/locked"), client.get("/moved")

    assert (locked.status_code, locked.text) == (401, "of the view")
    assert (moved.status_code, moved.headers["Location"]) == (302, "/elsewhere")


def test_field_of_a_form_can_be_as_large_as_a_body(app: App) -> None:
    app.add_url_rule("/size", view_func=lambda: str(len(request.form["text"])), methods=["POST"])

    with client_for(app) as client:
        response = client.post("/size", data={"text": "x" * 600_000}, files={"file": b""})

    assert (response.status_code, response.text) == (200, "600000")


def test_form_can_have_lists_and_files(app: App) -> None:
    class Labels(Schema):
        labels: list[str] = []
        title: str = "untitled"

    def label(form: Labels) -> list[str]:
        return [form.title, *form.labels, *request.files]

    label.__annotations__["form"] = Labels
    app.add_url_rule("/labels", view_func=operation(app, label), methods=["POST"])

    with client_for(app) as client:
        several = client.post("/labels", data={"labels": ["red", ""], "title": ["first", "last"]})
        one = client.post("/labels", data={"labels": "red", "title": ""}, files={"file": b"1"})
        none = client.post("/labels")

    assert several.json() == ["last", "red", ""]
    assert one.json() == ["untitled", "red", "file"]
    assert none.json() == ["untitled"]
