"""OpenAPI document."""

from typing import Any
from warnings import catch_warnings, filterwarnings

from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.routing import APIRoute

from ..config import Settings
from ..web.problems import Problem
from .operation_ids import make_unique
from .responses import DEFAULT, add_problems

REF = "#/components/schemas/{model}"
# With it, FastAPI does not document a 422 of its own.
RESPONSES: dict[int | str, dict[str, Any]] = {"default": DEFAULT}
# The end of the name of a security scheme that is optional.
OPTIONAL = "?"


def init_app(app: FastAPI, settings: Settings) -> None:
    """Add unique ids, the server URL, optional security and problems to the document of FastAPI."""
    make_document = app.openapi

    def openapi() -> dict[str, Any]:
        with catch_warnings():
            # FastAPI warns of ids that `make_unique` changes.
            filterwarnings("ignore", "Duplicate Operation ID")
            document = make_document()
        make_unique(document["paths"])
        if settings.root_path:
            document["servers"] = [{"url": settings.root_path}]
        for path in document["paths"].values():
            for operation in path.values():
                describe_optional_security(operation)
                add_problems(operation)
        problem = Problem.model_json_schema(mode="serialization", ref_template=REF)
        added = {**problem.pop("$defs"), "Problem": problem}
        components = document.setdefault("components", {})
        components.setdefault("schemas", {}).update(jsonable_encoder(added, exclude_none=True))
        schemes = components.get("securitySchemes", {})
        for name in [name for name in schemes if name.endswith(OPTIONAL)]:
            schemes.setdefault(name.removesuffix(OPTIONAL), schemes.pop(name))
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI documents it


def describe_optional_security(operation: dict[str, Any]) -> None:
    """Let an operation without a required security scheme accept its optional ones, or none."""
    names = [name for scheme in operation.get("security", ()) for name in scheme]
    required = [name for name in names if not name.endswith(OPTIONAL)]
    if required != names:
        accepted = required or [name.removesuffix(OPTIONAL) for name in names]
        operation["security"] = [{name: []} for name in accepted] + ([] if required else [{}])


def operation_id(route: APIRoute) -> str:
    """Return the id of an operation: its last tag and the name of its function."""
    return ".".join([*map(str, route.tags[-1:]), route.name])
