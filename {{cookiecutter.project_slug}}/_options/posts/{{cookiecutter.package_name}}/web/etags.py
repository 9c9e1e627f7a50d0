"""Conditional requests: https://www.rfc-editor.org/rfc/rfc9110#section-13."""

import re

from pydantic import Field

from .problems import ProblemError
from .schemas import Schema

ENTITY_TAG = re.compile(r'(W/)?"([^"]*)"')


class PreconditionRequired(ProblemError):
    """A client that changes something has to say which state of it it has seen."""

    status = 428
    detail = "Send If-Match with the ETag of what is to be changed."


class PreconditionFailed(ProblemError):
    """It has changed since the client has seen it."""

    status = 412
    detail = "It has changed since; read it again."


class NotModified(ProblemError):
    """The client has it already, as it is."""

    status = 304

    def __init__(self, version: int) -> None:
        super().__init__()
        self.headers = {"ETag": etag(version)}


class IfMatch(Schema):
    """The header of a request that changes something."""

    if_match: str | None = Field(default=None, alias="If-Match")

    def check(self, version: int) -> None:
        """Raise PreconditionRequired without the header, PreconditionFailed where it names another."""
        if self.if_match is None:
            raise PreconditionRequired
        strong = [tag for weak, tag in ENTITY_TAG.findall(self.if_match) if not weak]
        if str(version) not in strong and self.if_match.strip() != "*":
            raise PreconditionFailed


class IfNoneMatch(Schema):
    """The header of a request that reads something."""

    if_none_match: str | None = Field(default=None, alias="If-None-Match")

    def check(self, version: int) -> None:
        """Raise NotModified where the header names the version."""
        if self.if_none_match is None:
            return
        tags = [tag for _, tag in ENTITY_TAG.findall(self.if_none_match)]
        if str(version) in tags or self.if_none_match.strip() == "*":
            raise NotModified(version)


def etag(version: int) -> str:
    """Return the entity tag of a version."""
    return f'"{version}"'
