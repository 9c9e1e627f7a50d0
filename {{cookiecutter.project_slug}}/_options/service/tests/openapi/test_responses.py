"""Error responses in the OpenAPI document."""

from typing import Any

import pytest

from {{ cookiecutter.package_name }}.openapi.responses import add_problems, problems


def make_parameter(place: str, **schema: Any) -> dict[str, Any]:
    return {"parameters": [{"name": "given", "in": place, "schema": schema}]}


TEXT = {"type": "string", "title": "Given"}
OPTIONAL_TEXT = {"anyOf": [{"type": "string"}, {"type": "null"}]}
JSON_BODY: dict[str, Any] = {"requestBody": {"content": {"application/json": {}}}}
FORM: dict[str, Any] = {"requestBody": {"content": {"application/x-www-form-urlencoded": {}}}}


@pytest.mark.parametrize(
    ("members", "errors"),
    [
        ({}, set()),
        ({"security": [{"key": []}, {}]}, {"401"}),
        (JSON_BODY, {"400", "413", "415", "422"}),
        (FORM, {"413", "422"}),
        (make_parameter("query", **TEXT), {"422"}),
        (make_parameter("header", **TEXT), set()),
        (make_parameter("header", **OPTIONAL_TEXT), set()),
        (make_parameter("header", type="integer"), {"422"}),
        (make_parameter("header", **TEXT, maxLength=9), {"422"}),
        (make_parameter("path", **TEXT), set()),
        (make_parameter("path", **TEXT, format="uuid"), {"422"}),
    ],
)
def test_errors_follow_from_the_operation(members: dict[str, Any], errors: set[str]) -> None:
    operation: dict[str, Any] = {**members, "responses": {"200": {}}}

    add_problems(operation)
    add_problems(operation)

    assert operation["responses"].keys() == {"200", "default", *errors}
    for status in errors:
        assert list(operation["responses"][status]["content"]) == ["application/problem+json"]


@pytest.mark.parametrize(("place", "status"), [("path", "404"), ("header", "428")])
def test_declared_status_is_that_of_invalid_parameters(place: str, status: str) -> None:
    operation = make_parameter(place, **TEXT, minLength=1) | {"responses": {status: {}}}

    add_problems(operation)

    assert operation["responses"].keys() == {status, "default"}


def test_declared_response_is_kept() -> None:
    declared = {"description": "Too many fields"}
    operation: dict[str, Any] = {**JSON_BODY, "responses": {"422": declared}}

    add_problems(operation)

    assert operation["responses"]["422"] == declared


def test_only_errors_have_a_body() -> None:
    described = problems(304, 404)

    assert described[304] == {"description": "Not Modified"}
    assert described[404]["description"] == "Not Found"
    assert list(described[404]["content"]) == ["application/problem+json"]
