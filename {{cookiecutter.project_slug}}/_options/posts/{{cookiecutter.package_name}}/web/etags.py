"""ETags and conditional requests: https://www.rfc-editor.org/rfc/rfc9110#section-13."""

import re
from collections.abc import Mapping

from pydantic import Field, model_validator

from .problems import ProblemError
from .schemas import Schema

# The version in an ETag. A proxy that compresses responses may make it weak, or append the encoding: `"7-gzip"`.
VERSION = re.compile(r'(?:W/)?"([0-9]+)(?:[-:;]+[a-z]+)?"')


class PreconditionRequired(ProblemError):
    """A conditional header is required to modify this resource: https://www.rfc-editor.org/rfc/rfc6585#section-3."""

    status = 428
    detail = "Send If-Match with the current ETag of the resource."


class PreconditionFailed(ProblemError):
    """The current ETag of the resource does not match If-Match."""

    status = 412
    detail = "The resource has been modified; fetch it and retry."


class NotModified(ProblemError):
    """The current ETag of the resource matches If-None-Match."""

    status = 304

    def __init__(self, version: int) -> None:
        super().__init__()
        self.headers = {"ETag": etag(version)}


class IfMatch(Schema):
    """Header of a request that modifies a resource; the OpenAPI document describes it as required."""

    if_match: str = Field(alias="If-Match", json_schema_extra={"minLength": 1})

    @model_validator(mode="before")
    @classmethod
    def _accept_a_missing_header(cls, headers: Mapping[str, object]) -> Mapping[str, object]:
        # `check` rejects it with 428: by then it is known that the resource exists.
        return {"If-Match": "", **headers}

    def check(self, version: int) -> None:
        """Raise PreconditionRequired without the header, PreconditionFailed if no ETag in it matches the version."""
        if not self.if_match:
            raise PreconditionRequired
        if not matches(self.if_match, version):
            raise PreconditionFailed


class IfNoneMatch(Schema):
    """Header of a request that reads a resource."""

    if_none_match: str = Field(default="", alias="If-None-Match")

    def check(self, version: int) -> None:
        """Raise NotModified if an ETag in the header matches the version."""
        if matches(self.if_none_match, version):
            raise NotModified(version)


def matches(header: str, version: int) -> bool:
    """Return whether a list of ETags has one of the version, or is `*`."""
    return header.strip() == "*" or str(version) in VERSION.findall(header)


def etag(version: int) -> str:
    """Return the strong ETag of a version."""
    return f'"{version}"'
