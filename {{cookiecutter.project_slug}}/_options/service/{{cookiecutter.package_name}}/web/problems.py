"""Problem details, the format of all errors: https://www.rfc-editor.org/rfc/rfc9457."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Self

from pydantic import Field
from pydantic_core import to_json

from ..observability import context
from .schemas import Schema

MEDIA_TYPE = "application/problem+json"
UNTRUSTED_HOST = "The Host header is not one of ALLOWED_HOSTS."
UNTRUSTED_ORIGIN = "The Origin header is not one of CORS_ORIGINS."
MALFORMED_JSON = "There was an error parsing the body"
NOT_JSON = "Send the body as application/json."
# Limits of the response: the number of errors, and the bytes of a pointer and characters of a detail.
MAX_INVALID = 20
# If more paths are possible for an error, its pointer is that of an enclosing part.
MAX_PATHS = 50
MAX_POINTER = 200
MAX_DETAIL = 200

PHRASES = {status.value: status.phrase for status in HTTPStatus}
# The reason phrases of RFC 9110, which Python has since 3.13.
TITLES = {**PHRASES, 413: "Content Too Large", 422: "Unprocessable Content"}


class Invalid(Schema):
    """One part of a request that does not match its schema."""

    location: str = Field(description="One of body, path, query, header, cookie.")
    pointer: str = Field(description="JSON Pointer within the location; empty for all of it.")
    detail: str

    @classmethod
    def of(cls, error: Mapping[str, Any]) -> Self:
        """Return the location and the message of a pydantic error, without the input."""
        location, *path = map(str, error["loc"])
        return cls(location=location, pointer=pointer_to(path), detail=message_of(error))


def locate(errors: Sequence[Any], body: object) -> list[dict[str, Any]]:
    """Return the first pydantic errors of a request, with locations in what was sent."""
    return [{**error, "loc": location_of(error, body)} for error in errors[:MAX_INVALID]]


def location_of(error: Mapping[str, Any], body: object) -> tuple[int | str, ...]:
    """Return the location of an error, without the names that pydantic adds for members of a union."""
    place, *parts = error["loc"]
    if place != "body":
        # A parameter is a value or a list of values.
        return (place, *parts[:1], *(part for part in parts[1:] if isinstance(part, int)))
    # A missing member is not in the body, but its parent is.
    missing = [parts.pop()] if parts and error["type"] == "missing" else []
    values: dict[tuple[int | str, ...], Any] = {(): body}
    for part in parts:
        values |= {(*path, part): value[part] for path, value in values.items() if has(value, part)}
        if len(values) > MAX_PATHS:
            return (place, *max(values, key=len))
    exact = [path for path, value in values.items() if value is error["input"]]
    return (place, *max(reversed(exact or [*values]), key=len), *missing)


def has(value: Any, part: int | str) -> bool:
    """Tell whether a JSON value has a member or an item."""
    if isinstance(value, Mapping):
        return part in value
    return isinstance(value, list) and isinstance(part, int) and part < len(value)


def pointer_to(path: Sequence[str]) -> str:
    """Return a JSON Pointer; if it is longer than MAX_POINTER, return that of an enclosing part."""
    pointer = ""
    for part in path:
        longer = f"{pointer}/{part.replace('~', '~0').replace('/', '~1')}"
        # Clients may send names of any length; JSON escapes a character with up to six bytes.
        if len(part) > MAX_POINTER or len(to_json(longer)) > MAX_POINTER:
            break
        pointer = longer
    return pointer


def message_of(error: Mapping[str, Any]) -> str:
    """Return the message of a pydantic error, without parts of the input."""
    message: str = error["msg"]
    context = error.get("ctx", {})
    if error.get("type") == "union_tag_invalid":
        message = f"Input tag should be one of {context['expected_tags']}"
    for name in ("error", "reason", "encoding_error"):
        # A string comes from a parser and may quote the input; a validator's ValueError is an exception.
        if isinstance(reason := context.get(name), str):
            message = message.removesuffix(reason).rstrip(",: ")
    return message[:MAX_DETAIL]


class NotReady(Exception):
    """A readiness check has failed, for a reason that `/readyz` shows."""


class ProblemError(Exception):
    """Base class of errors with a status, independent of the framework.

    `detail` is sent to the client, `invalid` contains pydantic errors, and `extensions` further members of the problem.
    What the request has changed is undone, unless `keeps_changes` is true.
    """

    status: int
    detail: str | None = None
    headers: Mapping[str, str] = {}
    invalid: Sequence[Any] = ()
    extensions: Mapping[str, str] = {}
    keeps_changes = False


class Problem(Schema, extra="allow"):
    """Response body of an error; its type is about:blank, so its meaning is that of the status."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str | None = None
    request_id: str | None = None
    errors: list[Invalid] | None = None

    @classmethod
    def of(
        cls,
        status: int,
        detail: str | None = None,
        invalid: Sequence[Any] = (),
        extensions: Mapping[str, str] | None = None,
    ) -> Self:
        """Return the problem of a status, with the id of the current request."""
        title = TITLES.get(status, "Error")
        return cls(
            title=title,
            status=status,
            detail=None if detail in (title, PHRASES.get(status)) else detail,
            request_id=context.current().request_id,
            errors=[Invalid.of(error) for error in invalid[:MAX_INVALID]] or None,
            **extensions or {},
        )

    def content(self) -> str:
        """Return the JSON document, without members that are None."""
        return self.model_dump_json(exclude_none=True)
