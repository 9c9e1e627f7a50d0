"""The OpenAPI document, and the documentation page."""

import mimetypes
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

import httpx2
import pytest
from pydantic import Field

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.metadata import NAME, VERSION
from {{ cookiecutter.package_name }}.web.schemas import Schema

from ..support.framework import (
    App,
    client_for,
    route_body,
    route_group,
    route_query,
    route_variable,
)
from ..support.settings import IsolatedSettings

ASSETS = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}


class Item(Schema):
    name: str = Field(min_length=2)
    parts: list["Item"] = []


class Search(Schema):
    limit: int = Field(default=20, ge=1, description="The maximum number.")
    tag: str | None = None


class Elements(HTMLParser):
    """The elements of a page with their attributes, and the text of its title."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.title = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1][0] == "title":
            self.title += data.strip()


def test_document_describes_the_endpoints(client: httpx2.Client) -> None:
    document = client.get("/openapi.json").json()

    assert document["openapi"] == "3.1.0"
    about = document["paths"]["/api/v1/about"]["get"]
    assert about["operationId"] == "about.read_about"
    assert about["tags"] == ["about"]
    assert about["responses"]["200"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/About"
    }
    assert "503" in document["paths"]["/readyz"]["get"]["responses"]
    assert "/docs" not in document["paths"]


def test_document_contains_name_and_version(app: App) -> None:
    with client_for(app) as client:
        info = client.get("/openapi.json").json()["info"]

    assert (info["title"], info["version"]) == (NAME, VERSION)


def test_every_operation_documents_problem_responses(client: httpx2.Client) -> None:
    document = client.get("/openapi.json").json()

    for path in document["paths"].values():
        for operation in path.values():
            assert operation["responses"]["default"]["content"] == {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            }
    assert document["components"]["schemas"]["Problem"]["required"] == ["title", "status"]
    assert "Invalid" in document["components"]["schemas"]


def test_document_describes_parameters_and_bodies(app: App) -> None:
    route_body(app, "/items", Item)
    route_body(app, "/numbers", list[int])
    route_query(app, "/search", Search)
    route_variable(app, "/items/{variable}", UUID)

    with client_for(app) as client:
        paths = client.get("/openapi.json").json()["paths"]

    def schema(content: Any) -> Any:
        return content["content"]["application/json"]["schema"]

    item = paths["/items"]["post"]
    assert schema(item["requestBody"]) == {"$ref": "#/components/schemas/Item-Input"}
    assert schema(item["responses"]["200"]) == {"$ref": "#/components/schemas/Item-Output"}
    numbers = paths["/numbers"]["post"]
    assert schema(numbers["requestBody"])["items"] == {"type": "integer"}
    assert schema(numbers["responses"]["200"])["type"] == "array"
    (variable,) = paths["/items/{variable}"]["get"]["parameters"]
    assert (variable["in"], variable["required"]) == ("path", True)
    assert variable["schema"] == {"type": "string", "format": "uuid", "title": "Variable"}
    limit, tag = paths["/search"]["get"]["parameters"]
    assert (limit["name"], limit["in"], limit["required"]) == ("limit", "query", False)
    assert (limit["description"], limit["schema"]["minimum"]) == ("The maximum number.", 1)
    assert tag["schema"]["anyOf"] == [{"type": "string"}, {"type": "null"}]


def test_operation_ids_are_unique(app: App) -> None:
    route_group(app, "/v1", ["/things", "/items"], ["PUT"])
    route_group(app, "/v2", ["/things"], ["PATCH", "PUT"])

    with client_for(app) as client:
        paths = client.get("/openapi.json").json()["paths"]
        again = client.get("/openapi.json").json()["paths"]

    assert paths == again
    assert {
        (path, method): operation["operationId"]
        for path, operations in paths.items()
        for method, operation in operations.items()
        if operation.get("tags") == ["things"]
    } == {
        ("/v1/things", "put"): "things.change_thing",
        ("/v1/items", "put"): "things.change_thing/v1/items",
        ("/v2/things", "patch"): "things.change_thing.patch/v2/things",
        ("/v2/things", "put"): "things.change_thing.put/v2/things",
    }


def test_page_has_no_inline_code(app: App) -> None:
    with client_for(app) as client:
        page = client.get("/docs")

    found = Elements(page.text)
    scripts = [attributes for tag, attributes in found.elements if tag == "script"]
    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert found.title == NAME
    assert [attributes["src"] for attributes in scripts] == [
        "docs/swagger-ui-bundle.js",
        "docs/start.js",
    ]
    assert "style" not in {tag for tag, _ in found.elements}


def test_page_has_a_strict_content_security_policy(client: httpx2.Client) -> None:
    policy = client.get("/docs").headers["Content-Security-Policy"]

    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "default-src 'none';" in policy
    assert {"base-uri 'none'", "frame-ancestors 'none'", "object-src 'none'"} <= set(
        policy.split("; ")
    )


@pytest.mark.parametrize("name", ASSETS)
def test_assets_are_cached_and_revalidated(
    app: App, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mimetypes.init()
    for suffix in (".js", ".css"):
        monkeypatch.setitem(mimetypes.types_map, suffix, "text/wrong")

    with client_for(app) as client:
        asset = client.get(f"/docs/{name}")
        again = client.get(f"/docs/{name}", headers={"If-None-Match": asset.headers["ETag"]})

    assert asset.status_code == 200
    assert asset.headers["Content-Type"] == f"{ASSETS[name]}; charset=utf-8"
    assert asset.headers["Cache-Control"] == "no-cache"
    assert again.status_code == 304


def test_start_script_contains_the_document_url(client: httpx2.Client) -> None:
    script = client.get("/docs/start.js")

    assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert '"openapi.json"' in script.text


def test_other_files_are_not_served(client: httpx2.Client) -> None:
    for name in ("__init__.py", "..%2f__init__.py", "swagger-ui.css.map", "%2fetc%2fpasswd"):
        assert client.get(f"/docs/{name}").status_code == 404


@pytest.mark.parametrize(
    ("service_environment", "docs", "status"),
    [
        ("development", None, 200),
        ("development", False, 404),
        ("staging", None, 200),
        ("production", None, 404),
        ("production", True, 200),
    ],
)
def test_documentation_is_disabled_in_production_by_default(
    production_settings: dict[str, object], service_environment: str, docs: bool | None, status: int
) -> None:
    settings = {**production_settings, "environment": service_environment, "docs": docs}

    with client_for(create_app(IsolatedSettings.model_validate(settings))) as client:
        statuses = [client.get(path).status_code for path in ("/docs", "/openapi.json")]

    assert statuses == [status, status]
