"""Validation of requests, and validation errors without the input."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import httpx2
import pytest
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from {{ cookiecutter.package_name }}.web.schemas import Schema

from ..support.framework import App, client_for, route_body, route_query, route_variable

JSON = {"Content-Type": "application/json"}


class Part(Schema):
    number: int


class Item(Schema):
    name: str = Field(min_length=2)
    parts: list[Part] = []


class Search(Schema):
    limit: int = Field(default=20, ge=1)
    tags: list[str] = []
    colours: list[str] | None = None


class Mail(Schema):
    kind: Literal["mail"]
    mail: str = ""
    subject: int


class Text(Schema):
    kind: Literal["text"]
    number: int
    text: dict[str, int] = {}


Notice = Annotated[Mail | Text, Field(discriminator="kind")]


class Envelope(Schema):
    notice: Notice | None = None
    reference: UUID | int = 0
    table: dict[UUID, int] = {}


class Branch(Schema):
    left: "Branch | int"
    right: "Branch | int"


class Parameters(Schema):
    reference: UUID | int = 0
    references: list[UUID | int] = []


def raise_custom_error(value: str) -> str:
    reason = f"{value} is invalid"
    raise PydanticCustomError(
        "reference", "Input should be a reference: {reason}", {"reason": reason}
    )


def raise_value_error(value: str) -> str:
    raise ValueError("a code has three letters")


def raise_long_error(value: str) -> str:
    raise ValueError("word " * 1000)


Reference = Annotated[str, AfterValidator(raise_custom_error)]
Code = Annotated[str, AfterValidator(raise_value_error)]
LongError = Annotated[str, AfterValidator(raise_long_error)]


@pytest.fixture
def items(app: App) -> Iterator[httpx2.Client]:
    route_body(app, "/items", Item)
    route_query(app, "/search", Search)
    route_variable(app, "/items/{variable}", UUID)
    with client_for(app) as client:
        yield client


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "application/merge-patch+json"],
)
def test_valid_body_is_accepted(items: httpx2.Client, content_type: str) -> None:
    content = '{"name": "näme", "parts": [{"number": "1"}]}'.encode()

    response = items.post("/items", content=content, headers={"Content-Type": content_type})

    assert response.status_code == 200
    assert response.json() == {"name": "näme", "parts": [{"number": 1}]}


@pytest.mark.parametrize(
    "content",
    [
        b'{"name":',
        b"\xff\xfe",
        '{"name": "näme"}'.encode("latin-1"),
        b"[" * 100_000,
        b"9" * 5000,
        b'{"name": "lamp", "parts": [{"number": 1, "number": 2}]}',
        b'{"name": "lamp", "parts": NaN}',
    ],
    ids=["truncated", "binary", "Latin-1", "too deep", "long number", "duplicate key", "NaN"],
)
def test_malformed_json_is_rejected(items: httpx2.Client, content: bytes) -> None:
    response = items.post("/items", content=content, headers=JSON)

    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["detail"] == "There was an error parsing the body"


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/plain"}], ids=["none", "text"])
def test_other_media_types_are_rejected(items: httpx2.Client, headers: dict[str, str]) -> None:
    response = items.post("/items", content=b'{"name": "lamp"}', headers=headers)

    assert response.status_code == 415
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["title"] == "Unsupported Media Type"
    assert response.json()["detail"] == "Send the body as application/json."


@pytest.mark.parametrize(
    ("content", "pointers"),
    [
        (b"", [""]),
        (b"null", [""]),
        (b"[]", [""]),
        (b"{}", ["/name"]),
        (b'{"name": "x"}', ["/name"]),
        (b'{"name": 1, "parts": [{"number": 1}, {"number": "x"}]}', ["/name", "/parts/1/number"]),
    ],
)
def test_invalid_body_is_rejected_with_a_pointer_to_each_error(
    items: httpx2.Client, content: bytes, pointers: list[str]
) -> None:
    response = items.post("/items", content=content, headers=JSON)

    problem = response.json()
    assert response.status_code == 422
    assert response.headers["Content-Type"] == "application/problem+json"
    assert problem["title"] == "Unprocessable Content"
    assert problem["request_id"] == response.headers["X-Request-ID"]
    assert [(each["location"], each["pointer"]) for each in problem["errors"]] == [
        ("body", pointer) for pointer in pointers
    ]
    assert all(each["detail"] for each in problem["errors"])


def test_body_may_be_optional(app: App) -> None:
    route_body(app, "/optional", Part | None, default=Part(number=0))

    with client_for(app) as client:
        responses = [
            client.post("/optional", content=content, headers=JSON)
            for content in (b"", b"null", b'{"number": 1}')
        ]
        document = client.get("/openapi.json").json()

    assert [each.json() for each in responses] == [{"number": 0}, None, {"number": 1}]
    assert "required" not in document["paths"]["/optional"]["post"]["requestBody"]


@pytest.mark.parametrize(
    ("schema", "content", "pointers"),
    [
        (Notice, {"kind": "text", "number": "x"}, {"/number"}),
        (Notice, {"kind": "text"}, {"/number"}),
        (Notice, {"kind": "mail", "mail": "x", "subject": "x"}, {"/subject"}),
        (Notice, {"kind": "mail", "mail": "x"}, {"/subject"}),
        (Notice, {"kind": "mail", "mail": 1, "subject": 1}, {"/mail"}),
        (Notice, {"kind": "text", "number": 1, "text": {"text": "x"}}, {"/text/text"}),
        (Notice, {"kind": "unknown"}, {""}),
        (list[Notice], [{"kind": "text", "number": 1}, {"kind": "mail"}], {"/1/subject"}),
        (Envelope, {"notice": {"kind": "mail", "subject": "x"}}, {"/notice/subject"}),
        (list[Mail | Text], [{"kind": "text"}], {"/0/kind", "/0/subject", "/0/number"}),
        (Envelope, {"reference": "x"}, {"/reference"}),
        (Envelope, {"table": {"x": 1}}, {"/table/x"}),
        (list[Annotated[Notice, BeforeValidator(dict)]], [{"kind": "text"}], {"/0/number"}),
    ],
)
def test_pointers_lead_into_the_body(
    app: App, schema: Any, content: Any, pointers: set[str]
) -> None:
    route_body(app, "/value", schema)

    with client_for(app) as client:
        response = client.post("/value", json=content)

    assert response.status_code == 422
    assert {each["pointer"] for each in response.json()["errors"]} == pointers


def test_search_for_pointers_is_limited(app: App) -> None:
    route_body(app, "/tree", Branch)

    def grow(path: str, depth: int = 10) -> Any:
        if depth == 0:
            return "x" if path == "/left/right" * 5 else 1
        return {name: grow(f"{path}/{name}", depth - 1) for name in ("left", "right")}

    with client_for(app) as client:
        response = client.post("/tree", json=grow(""))

    pointers = {each["pointer"] for each in response.json()["errors"]}
    assert max(pointers, key=len) == "/left/right" * 3 + "/left"


@pytest.mark.parametrize(
    ("path", "pointers"),
    [
        ("/variables/x", {"/variable"}),
        ("/parameters?reference=x", {"/reference"}),
        ("/parameters?references=1&references=x", {"/references/1"}),
    ],
)
def test_pointers_name_the_parameter(app: App, path: str, pointers: set[str]) -> None:
    route_variable(app, "/variables/{variable}", UUID | int)
    route_query(app, "/parameters", Parameters)

    with client_for(app) as client:
        response = client.get(path)

    assert response.status_code == 422
    assert {each["pointer"] for each in response.json()["errors"]} == pointers


def test_query_is_validated(items: httpx2.Client) -> None:
    response = items.get("/search?limit=0&tags=a")

    assert response.status_code == 422
    assert response.json()["errors"] == [
        {
            "location": "query",
            "pointer": "/limit",
            "detail": "Input should be greater than or equal to 1",
        }
    ]


def test_repeated_parameters_become_a_list_or_the_last_value(items: httpx2.Client) -> None:
    response = items.get("/search?limit=1&limit=2&tags=a&tags=b&colours=c&unknown=d")

    assert response.json() == {"limit": 2, "tags": ["a", "b"], "colours": ["c"]}


def test_path_parameters_are_validated(items: httpx2.Client) -> None:
    assert items.get("/items/01890a5d-ac96-774b-bcce-b302099a8057").status_code == 200

    response = items.get("/items/1")

    assert response.status_code == 422
    assert [(each["location"], each["pointer"]) for each in response.json()["errors"]] == [
        ("path", "/variable")
    ]


def test_errors_do_not_contain_the_input(items: httpx2.Client) -> None:
    content = b'{"name": {"hunter2": "hunter2"}, "parts": "hunter2"}'

    response = items.post("/items", content=content, headers=JSON)

    assert response.status_code == 422
    assert "hunter2" not in response.text


def test_error_response_size_is_limited(app: App) -> None:
    route_body(app, "/table", dict[str, int])
    table = {f"~/{number}{'x' * 500}": "x" for number in range(1000)}

    with client_for(app) as client:
        response = client.post("/table", json=table)

    errors = response.json()["errors"]
    assert len(errors) == 20
    # Pointers to the keys would be too long: the parent is reported.
    assert {each["pointer"] for each in errors} == {""}
    assert len(response.content) < 10_000


@pytest.mark.parametrize(
    "name",
    ["x" * 150, "\x01" * 30, "\u20ac" * 60, "\U0001f600" * 40],
    ids=["letters", "control characters", "three bytes", "four bytes"],
)
def test_error_response_size_is_limited_for_any_key(app: App, name: str) -> None:
    route_body(app, "/table", dict[str, dict[str, dict[str, int]]])
    table = {f"~/{number}": {name: {name: "x", "y": "x"}} for number in range(1000)}

    with client_for(app) as client:
        response = client.post("/table", json=table)

    errors = response.json()["errors"]
    assert errors[0]["pointer"] == f"/~0~10/{name}"
    assert len(errors) == 20
    assert len(response.content) < 10_000


def test_errors_do_not_contain_unknown_tags(app: App) -> None:
    route_body(app, "/notices", list[Notice])
    tag = "hunter2" * 400

    with client_for(app) as client:
        response = client.post("/notices", json=[{"kind": tag}] * 20)

    errors = response.json()["errors"]
    assert [each["detail"] for each in errors] == ["Input tag should be one of 'mail', 'text'"] * 20
    assert "hunter2" not in response.text
    assert len(response.content) < 5_000


@pytest.mark.parametrize(
    ("schema", "value", "detail"),
    [
        (UUID, "\u20ac" * 36, "Input should be a valid UUID"),
        (datetime, "2026-11-28T12:00:00\u20ac", "Input should be a valid datetime or date"),
        (Reference, "\u20ac", "Input should be a reference"),
        (Code, "code \u20ac", "Value error, a code has three letters"),
        (LongError, "\u20ac", "Value error, " + "word " * 37 + "wo"),
    ],
    ids=["UUID", "datetime", "custom error", "value error", "long error"],
)
def test_errors_do_not_contain_the_parser_message(
    app: App, schema: Any, value: str, detail: str
) -> None:
    route_body(app, "/value", list[schema])

    with client_for(app) as client:
        response = client.post("/value", json=[value])

    (error,) = response.json()["errors"]
    assert error == {"location": "body", "pointer": "/0", "detail": detail}
