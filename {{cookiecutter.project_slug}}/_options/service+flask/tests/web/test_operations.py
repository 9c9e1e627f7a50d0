"""Operations of Flask: view classes, decorators, results, and errors at import."""

from collections.abc import Callable, Coroutine
from functools import wraps
from http import HTTPStatus
from typing import Any, ClassVar

import pytest
from flask import Blueprint, Response, abort, g, request
from flask.views import MethodView, View
from werkzeug.wrappers import Response as BaseResponse

from {{ cookiecutter.package_name }} import api, create_app
from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.web.operations import operation
from {{ cookiecutter.package_name }}.web.schemas import Schema

from ..support.framework import App, client_for


class Note(Schema):
    text: str


def authenticated(view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def authenticate(*arguments: Any, **variables: Any) -> Any:
        if "X-Key" not in request.headers:
            abort(401)
        return view(*arguments, **variables)

    return authenticate


class NoteView(MethodView):
    decorators: ClassVar = [authenticated]

    @operation
    def get(self, note_id: int) -> Note:
        """Read a note."""
        return Note(text=f"note {note_id}")

    @operation(status=204)
    def delete(self, note_id: int) -> None:
        """Delete a note."""

    def put(self, note_id: str) -> str:
        return note_id


def test_operation_can_be_a_method_of_a_view_class(app: App) -> None:
    app.add_url_rule("/notes/<note_id>", view_func=NoteView.as_view("note"))

    with client_for(app) as client:
        client.headers["X-Key"] = "mine"
        read, deleted = client.get("/notes/1"), client.delete("/notes/1")
        invalid, other = client.get("/notes/x"), client.put("/notes/1")
        item = client.get("/openapi.json").json()["paths"]["/notes/{note_id}"]

    assert read.json() == {"text": "note 1"}
    assert (deleted.status_code, invalid.status_code, other.text) == (204, 422, "1")
    assert {method: each["operationId"] for method, each in item.items()} == {
        "delete": "note.delete",
        "get": "note.get",
    }
    assert item["delete"]["description"] == "Delete a note."


def test_operation_can_be_a_view_class(app: App) -> None:
    class Latest(View):
        @operation
        def dispatch_request(self) -> int:
            return 1

    app.add_url_rule("/latest", view_func=Latest.as_view("latest"))

    with client_for(app) as client:
        assert client.get("/latest").json() == 1
        assert "/latest" in client.get("/openapi.json").json()["paths"]


def test_operation_can_have_decorators_above_and_below(app: App) -> None:
    @authenticated
    @operation
    @authenticated
    def read_note(note_id: int) -> int:
        """Read a note."""
        return note_id

    app.add_url_rule("/notes/<note_id>", view_func=read_note)

    with client_for(app) as client:
        responses = [client.get("/notes/1", headers=key) for key in ({}, {"X-Key": "mine"})]
        described = client.get("/openapi.json").json()["paths"]["/notes/{note_id}"]["get"]

    assert [each.status_code for each in responses] == [401, 200]
    assert described["description"] == "Read a note."


def test_operation_can_be_asynchronous(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(view: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
        def call(**variables: Any) -> Any:
            with pytest.raises(StopIteration) as done:
                view(**variables).send(None)
            return done.value.value

        return call

    @operation
    async def read_note(note_id: int) -> int:
        return note_id

    # As `flask[async]` does, which is no dependency.
    monkeypatch.setattr(app, "async_to_sync", run)
    app.add_url_rule("/notes/<note_id>", view_func=read_note)

    with client_for(app) as client:
        assert client.get("/notes/1").json() == 1


@pytest.mark.parametrize(
    ("result", "status", "language"),
    [
        ("hello", 200, None),
        (("hello", 202), 202, None),
        (("hello", HTTPStatus.ACCEPTED), 202, None),
        (("hello", "202 Later"), 202, None),
        (("hello", {"Content-Language": "en"}), 200, "en"),
        (("hello", [("Content-Language", "en")]), 200, "en"),
        (("hello", 202, {"Content-Language": "en"}), 202, "en"),
        (Response('"hello"'), 200, None),
        ((Response('"hello"'), 203, {"Content-Language": "en"}), 203, "en"),
        ((BaseResponse('"hello"'), {"Content-Language": "en"}), 200, "en"),
    ],
)
def test_operation_returns_what_flask_accepts(
    app: App, result: Any, status: int, language: str | None
) -> None:
    @operation(responses={202: str})
    def greet() -> str:
        return result  # type: ignore[no-any-return]  # as many views do

    app.add_url_rule("/greeting", view_func=greet)

    with client_for(app) as client:
        response = client.get("/greeting")

    assert (response.status_code, response.json()) == (status, "hello")
    assert response.headers.get("Content-Language") == language


def test_operation_can_return_anything_without_a_schema(app: App) -> None:
    @operation
    def greet() -> Response:
        return "hello", {"Content-Language": "en"}  # type: ignore[return-value]  # as many views do

    app.add_url_rule("/greeting", view_func=greet)

    with client_for(app) as client:
        response = client.get("/greeting")
        described = client.get("/openapi.json").json()["paths"]["/greeting"]["get"]

    assert (response.text, response.headers["Content-Language"]) == ("hello", "en")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert list(described["responses"]["200"]["content"]) == ["text/html"]


def test_undeclared_status_is_an_error(app: App) -> None:
    @operation
    def greet() -> tuple[str, int]:
        return "hello", 201

    app.add_url_rule("/greeting", view_func=greet)
    app.config["PROPAGATE_EXCEPTIONS"] = True

    with client_for(app) as client, pytest.raises(TypeError, match=r"greet .* the status 201"):
        client.get("/greeting")


def test_operation_needs_annotations() -> None:
    def no_return(note_id: int):  # type: ignore[no-untyped-def]  # on purpose
        pass

    def no_argument(note_id) -> None:  # type: ignore[no-untyped-def]  # on purpose
        pass

    def unknown_name(body: "Unknown") -> None:  # type: ignore[name-defined]  # noqa: F821  # wrong
        pass

    with pytest.raises(TypeError, match=r"operations.*no_return needs an annotation of 'return'"):
        operation(no_return)
    with pytest.raises(TypeError, match=r"no_argument needs an annotation of 'note_id'"):
        operation(no_argument)
    with pytest.raises(TypeError, match=r"operation .*unknown_name: name 'Unknown' is not defined"):
        operation(unknown_name)


def test_argument_that_the_route_lacks_is_an_error(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    @operation
    def list_notes(page: int) -> int:
        return page

    bp = Blueprint("notes", __name__)
    bp.add_url_rule("/notes", view_func=list_notes)
    monkeypatch.setattr(api, "bp", bp)

    with pytest.raises(TypeError, match=r"list_notes takes 'page', which the route '/notes' lacks"):
        create_app(settings)


def test_variables_can_have_defaults(app: App) -> None:
    @operation
    def list_notes(page: int, size: int = 20) -> list[int]:
        return [page, size]

    app.add_url_rule("/notes", view_func=list_notes, defaults={"page": 1})
    app.add_url_rule("/notes/<int:page>/<int:size>", view_func=list_notes)

    with client_for(app) as client:
        results = [client.get(path).json() for path in ("/notes", "/notes/2/3")]
        paths = client.get("/openapi.json").json()["paths"]

    assert results == [[1, 20], [2, 3]]
    assert "parameters" not in paths["/notes"]["get"]
    parameters = paths["/notes/{page}/{size}"]["get"]["parameters"]
    assert [each["name"] for each in parameters] == ["page", "size"]


def test_variables_can_be_preprocessed(app: App) -> None:
    @operation
    def greet() -> str:
        return str(g.language)

    def set_language(endpoint: str | None, variables: dict[str, Any] | None) -> None:
        g.language = (variables or {}).pop("language", "en")

    app.add_url_rule("/<language>/greeting", view_func=greet)
    app.url_value_preprocessor(set_language)

    with client_for(app) as client:
        greeting = client.get("/eo/greeting").json()
        described = client.get("/openapi.json").json()["paths"]["/{language}/greeting"]["get"]

    assert greeting == "eo"
    assert [each["name"] for each in described["parameters"]] == ["language"]
