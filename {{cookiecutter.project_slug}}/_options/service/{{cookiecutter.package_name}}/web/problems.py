"""Errors as clients see them: problem details, https://www.rfc-editor.org/rfc/rfc9457."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Self

from pydantic import Field
from pydantic_core import to_json

from ..observability import context
from .schemas import Schema

MEDIA_TYPE = "application/problem+json"
UNTRUSTED_HOST = "Invalid host header"
UNTRUSTED_ORIGIN = "Origin not allowed"
MALFORMED_JSON = "There was an error parsing the body"
# So that an answer stays small, however much is wrong with a request.
MAX_INVALID = 20
MAX_POINTER = 200
MAX_DETAIL = 200

PHRASES = {status.value: status.phrase for status in HTTPStatus}
# RFC 9110 names these so; Python does from 3.13 on.
TITLES = {**PHRASES, 413: "Content Too Large", 422: "Unprocessable Content"}


class Invalid(Schema):
    """One part of a request that does not fit its schema."""

    location: str = Field(description="Where it is: body, path, query, header or cookie.")
    pointer: str = Field(description="What it is there: a JSON Pointer, empty for all of it.")
    detail: str

    @classmethod
    def of(cls, error: Mapping[str, Any]) -> Self:
        """Take from an error of pydantic where it is and what is wrong, but not the input."""
        location, *path = map(str, error["loc"])
        return cls(location=location, pointer=pointer_to(path), detail=message_of(error))


def pointer_to(path: Sequence[str]) -> str:
    """Return a JSON Pointer; one that would be too long points to a part that has the rest within it."""
    pointer = ""
    for part in path:
        longer = f"{pointer}/{part.replace('~', '~0').replace('/', '~1')}"
        # Names that a client has made up: a character may take six of the answer.
        if len(part) > MAX_POINTER or len(to_json(longer)) > MAX_POINTER:
            break
        pointer = longer
    return pointer


def message_of(error: Mapping[str, Any]) -> str:
    """Return the message of an error of pydantic, without what it repeats of the input."""
    message: str = error["msg"]
    context = error.get("ctx", {})
    if error.get("type") == "union_tag_invalid":
        message = f"Input tag should be one of {context['expected_tags']}"
    for name in ("error", "reason", "encoding_error"):
        # Of a parser, which may quote what it was given; a validator's own is an exception.
        if isinstance(reason := context.get(name), str):
            message = message.removesuffix(reason).rstrip(",: ")
    return message[:MAX_DETAIL]


class ProblemError(Exception):
    """An error that has a status; raise a subclass of it where no framework is known.

    `detail` is for the client to read; `invalid` has errors of pydantic that say what does not fit.
    What its request has changed is undone, unless `keeps_changes` says otherwise.
    """

    status: int
    detail: str | None = None
    headers: Mapping[str, str] = {}
    invalid: Sequence[Any] = ()
    keeps_changes = False


class Problem(Schema):
    """One error; its type is about:blank, which means that the status says all there is to say."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str | None = None
    request_id: str | None = None
    errors: list[Invalid] | None = None

    @classmethod
    def of(cls, status: int, detail: str | None = None, invalid: Sequence[Any] = ()) -> Self:
        """Describe an error by its status, and by what its author adds for the client to read."""
        title = TITLES.get(status, "Error")
        return cls(
            title=title,
            status=status,
            detail=None if detail in (title, PHRASES.get(status)) else detail,
            request_id=context.current().request_id,
            errors=[Invalid.of(error) for error in invalid[:MAX_INVALID]] or None,
        )

    def content(self) -> str:
        """Return the JSON document, without members that have no value."""
        return self.model_dump_json(exclude_none=True)
