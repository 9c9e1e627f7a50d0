"""OpenAPI document."""

from typing import Any
from warnings import catch_warnings, filterwarnings

from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.routing import APIRoute

from ..config import Settings
from ..web.problems import MEDIA_TYPE, Problem
from .operation_ids import make_unique

REF = "#/components/schemas/{model}"
# Responses of every operation, in addition to those that it declares.
RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Problem",
        "content": {MEDIA_TYPE: {"schema": {"$ref": REF.format(model="Problem")}}},
    }
}


def init_app(app: FastAPI, settings: Settings) -> None:
    """Add unique ids, the server URL and the schema of problems to the document of FastAPI."""
    make_document = app.openapi

    def openapi() -> dict[str, Any]:
        with catch_warnings():
            # FastAPI warns of ids that `make_unique` changes.
            filterwarnings("ignore", "Duplicate Operation ID")
            document = make_document()
        make_unique(document["paths"])
        if settings.root_path:
            document["servers"] = [{"url": settings.root_path}]
        problem = Problem.model_json_schema(mode="serialization", ref_template=REF)
        added = {**problem.pop("$defs"), "Problem": problem}
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas.update(jsonable_encoder(added, exclude_none=True))
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI documents it


def operation_id(route: APIRoute) -> str:
    """Return the id of an operation: its last tag and the name of its function."""
    return ".".join([*map(str, route.tags[-1:]), route.name])
