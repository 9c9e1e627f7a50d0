"""Error responses in the OpenAPI document."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..web.problems import MEDIA_TYPE, TITLES

PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
# The response to every other error, such as 400 for the host, 405, 500 and 503.
DEFAULT = {"description": "Problem", "content": PROBLEM}
# An operation that documents these statuses responds with them to invalid parameters of the path and invalid headers.
OWN_STATUSES = {"path": "404", "header": "428"}
# The keywords of a schema that accepts every string.
ANY_TEXT = {"default", "description", "title", "type"}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the descriptions of responses with these statuses, which are errors from 400 on."""
    return {
        status: {"description": TITLES[status]} | ({"content": PROBLEM} if status >= 400 else {})
        for status in statuses
    }


def add_problems(operation: dict[str, Any]) -> None:
    """Add the error responses to an operation that follow from its security, its body and its parameters."""
    responses = operation["responses"]
    for status, response in problems(*sorted(set(find_statuses(operation)))).items():
        responses.setdefault(str(status), response)
    responses["default"] = DEFAULT


def find_statuses(operation: Mapping[str, Any]) -> Iterator[int]:
    """Yield the statuses of errors that follow from an operation."""
    if operation.get("security"):
        yield 401
    content = operation.get("requestBody", {}).get("content", {})
    if content:
        yield from (413, 422)
    if "application/json" in content:
        yield from (400, 415)
    for parameter in operation.get("parameters", ()):
        place = parameter["in"]
        has_own_status = OWN_STATUSES.get(place) in operation["responses"]
        if not has_own_status and (place == "query" or not is_any_text(parameter["schema"])):
            yield 422


def is_any_text(schema: Mapping[str, Any]) -> bool:
    """Return whether every string is valid for a schema."""
    variants = schema.get("anyOf", [schema])
    return all(each.keys() <= ANY_TEXT and each["type"] in ("string", "null") for each in variants)
