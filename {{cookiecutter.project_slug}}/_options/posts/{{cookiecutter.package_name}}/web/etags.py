"""ETags and conditional requests: https://www.rfc-editor.org/rfc/rfc9110#section-13."""

import re

from pydantic import Field

from .problems import ProblemError
from .schemas import Schema

# Extensions and proxies that compress a response append its coding: "1:gzip", "1-gzip".
ENTITY_TAG = re.compile(r'(W/)?"([^"]*?)(?:[:-](?:br|deflate|gzip|zstd))?"')


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
    """Header of a request that modifies a resource."""

    if_match: str | None = Field(default=None, alias="If-Match")

    def check(self, version: int) -> None:
        """Raise PreconditionRequired without the header, PreconditionFailed if no strong ETag in it matches."""
        if self.if_match is None:
            raise PreconditionRequired
        strong = [tag for weak, tag in ENTITY_TAG.findall(self.if_match) if not weak]
        if str(version) not in strong and self.if_match.strip() != "*":
            raise PreconditionFailed


class IfNoneMatch(Schema):
    """Header of a request that reads a resource."""

    if_none_match: str | None = Field(default=None, alias="If-None-Match")

    def check(self, version: int) -> None:
        """Raise NotModified if an ETag in the header matches the version."""
        if self.if_none_match is None:
            return
        tags = [tag for _, tag in ENTITY_TAG.findall(self.if_none_match)]
        if str(version) in tags or self.if_none_match.strip() == "*":
            raise NotModified(version)


def etag(version: int) -> str:
    """Return the strong ETag of a version."""
    return f'"{version}"'
