"""OpenAPI document, generated from the signatures of the views."""

from collections.abc import Callable, Collection, Iterator
from http import HTTPStatus
from inspect import getdoc
from types import NoneType
from typing import Any, NamedTuple, get_args, get_type_hints

from flask import Flask
from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from ..metadata import DESCRIPTION, NAME, VERSION
from ..web.operations import PLACES, Adapter, Operation, find_operations, path_template
from ..web.problems import Problem
from .operation_ids import make_unique
from .responses import add_problems, problems

REF = "#/components/schemas/"

# JSON schemas, keyed by `id(adapter)`.
Schemas = dict[int, dict[str, Any]]


class Route(NamedTuple):
    """A path with its variables, a method, and the operation that they route to."""

    path: str
    variables: set[str]
    method: str
    endpoint: str
    operation: Operation


def make_document(app: Flask) -> dict[str, Any]:
    """Return the document of all views that are operations."""
    routes = list(find_routes(app))
    schemas, components = make_schemas([route.operation for route in routes])
    security_schemes: dict[str, Any] = app.extensions.get("security_schemes", {})
    paths: dict[str, Any] = {}
    for route in routes:
        operation = without_nulls(describe(route, schemas, security_schemes))
        add_problems(operation)
        paths.setdefault(route.path, {})[route.method] = operation
    make_unique(paths)
    root_path = app.extensions["settings"].root_path
    return {
        "openapi": "3.1.0",
        "info": {"title": NAME, "description": DESCRIPTION, "version": VERSION},
        **({"servers": [{"url": root_path}]} if root_path else {}),
        "paths": paths,
        "components": without_nulls(
            {"schemas": components, "securitySchemes": security_schemes or None}
        ),
    }


def find_routes(app: Flask) -> Iterator[Route]:
    """Yield the routes of an application, with their paths in the syntax of OpenAPI."""
    for rule, method, operation in find_operations(app):
        variables = rule.arguments - (rule.defaults or {}).keys()
        path = path_template(rule.rule)
        yield Route(path, variables, method.lower(), rule.endpoint, operation)


def make_schemas(operations: list[Operation]) -> tuple[Schemas, dict[str, Any]]:
    """Return the schema of each adapter, and the components that the schemas refer to.

    They are generated together, so that a model with different input and output schemas gets two names.
    """
    used: list[tuple[Adapter, JsonSchemaMode]] = [(TypeAdapter(Problem), "serialization")]
    for operation in operations:
        used += [(adapter, "validation") for adapter in operation.takes.values()]
        used += [(adapter, "serialization") for adapter in operation.returned.values() if adapter]
    inputs = [(id(adapter), mode, adapter) for adapter, mode in used]
    generated, definitions = TypeAdapter.json_schemas(inputs, ref_template=REF + "{model}")
    schemas: Schemas = {key: schema for (key, _), schema in generated.items()}
    components: dict[str, Any] = definitions["$defs"]
    # Query parameters and headers are documented one by one, so their models are no components.
    used_as_fields = set()
    for operation in operations:
        for name in ("query", "headers"):
            if adapter := operation.takes.get(name):
                used_as_fields.add(model := schemas[id(adapter)]["$ref"].removeprefix(REF))
                schemas[id(adapter)] = components[model]
    for model in used_as_fields:
        del components[model]
    return schemas, components


def describe(route: Route, schemas: Schemas, security_schemes: Collection[str]) -> dict[str, Any]:
    """Return the operation object; missing members are None."""
    *blueprints, name = route.endpoint.split(".")
    takes, returned = route.operation.takes, route.operation.returned
    operation_id = ".".join([*blueprints[-1:], name])
    media_type = route.operation.media_type
    stream = {media_type: {"schema": {"type": "string"}}} if media_type else None
    declared = {str(key): value for key, value in problems(*route.operation.problems).items()}
    responses = declared | {
        str(status): {
            "description": HTTPStatus(status).phrase if status >= 300 else "Successful Response",
            "content": (adapter and json(titled(schemas[id(adapter)], f"Response_{operation_id}")))
            or stream,
        }
        for status, adapter in returned.items()
    }
    body = {}
    if "body" in takes:
        schema = titled(schemas[id(takes["body"])], "Body")
        required = {} if "body" in route.operation.optional else {"required": True}
        body = {"requestBody": {**required, "content": json(schema)}}
    if "form" in takes:
        form = {"application/x-www-form-urlencoded": {"schema": schemas[id(takes["form"])]}}
        body = {"requestBody": {"required": True, "content": form}}
    return {
        "tags": blueprints[-1:] or None,
        "summary": title(name),
        "description": getdoc(route.operation.view),
        "operationId": operation_id,
        "parameters": list(parameters(route, schemas)) or None,
        "security": describe_security(route.operation.security, security_schemes),
        **body,
        "responses": responses,
    }


def describe_security(
    security: Callable[[], object] | None, schemes: Collection[str]
) -> list[dict[str, list[str]]] | None:
    """Return the security requirements; authentication is optional if `security` may return None."""
    if security is None or not schemes:
        return None
    is_optional = NoneType in get_args(get_type_hints(security)["return"])
    required: list[dict[str, list[str]]] = [{name: []} for name in schemes]
    return [*required, {}] if is_optional else required


def parameters(route: Route, schemas: Schemas) -> Iterator[dict[str, Any]]:
    """Yield the parameters of the path, the query and the headers."""
    takes = route.operation.takes
    for name, adapter in takes.items():
        if name in route.variables:
            yield parameter(name, "path", True, schemas[id(adapter)])
    # Taken out by a url_value_preprocessor.
    for name in sorted(route.variables - takes.keys()):
        yield parameter(name, "path", True, {"type": "string"})
    for place in ("query", "headers"):
        if taken := takes.get(place):
            model = schemas[id(taken)]
            for name, schema in model["properties"].items():
                yield parameter(name, PLACES[place], name in model.get("required", ()), schema)


def parameter(name: str, place: str, required: bool, schema: dict[str, Any]) -> dict[str, Any]:
    """Return one parameter object."""
    return {
        "name": name,
        "in": place,
        "required": required,
        "schema": titled(schema, name),
        "description": schema.get("description"),
        "deprecated": schema.get("deprecated"),
    }


def titled(schema: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a schema with a title, unless it is a reference or has one."""
    return schema if "$ref" in schema else {"title": title(name), **schema}


def title(name: str) -> str:
    """Return a name as a title."""
    return name.replace("_", " ").title()


def json(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the content object of a JSON body."""
    return {"application/json": {"schema": schema}}


def without_nulls(value: Any) -> Any:
    """Remove members that are None, defaults of null included."""
    if isinstance(value, dict):
        return {name: without_nulls(each) for name, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value
