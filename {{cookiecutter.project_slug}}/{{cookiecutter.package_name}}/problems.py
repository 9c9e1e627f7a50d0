"""Errors as clients see them: problem details, https://www.rfc-editor.org/rfc/rfc9457."""

from http import HTTPStatus
from typing import Self

from pydantic import BaseModel

from . import request_id

MEDIA_TYPE = "application/problem+json"

# RFC 9110 names these so; Python does from 3.13 on.
TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}


class Problem(BaseModel):
    """One error; its type is about:blank, which means that the status says all there is to say."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str | None = None
    request_id: str

    @classmethod
    def of(cls, status: int, detail: str | None = None) -> Self:
        """Describe an error by its status, and by what its author adds for the client to read."""
        title = TITLES.get(status) or HTTPStatus(status).phrase
        own_words = None if detail == title else detail
        return cls(title=title, status=status, detail=own_words, request_id=request_id.current())

    def content(self) -> str:
        """Return the JSON document, without members that have no value."""
        return self.model_dump_json(exclude_none=True)
