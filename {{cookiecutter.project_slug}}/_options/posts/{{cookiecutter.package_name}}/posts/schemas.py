"""Request and response bodies of posts."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from ..database.pagination import PageQuery
from ..web.schemas import Schema


def is_written_out(moment: Any) -> Any:
    """Raise ValueError for a number, which pydantic would parse as seconds since the epoch."""
    if isinstance(moment, str) and moment[4:5] != "-":
        raise ValueError("write it like 2026-01-31T12:00:00Z")
    return moment


def in_utc(moment: datetime) -> datetime:
    """Return the moment in UTC; raise ValueError if that is before the year 1 or after 9999."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None


LINE = r"^[^\x00-\x1f\x7f]+$"

Moment = Annotated[AwareDatetime, BeforeValidator(is_written_out), AfterValidator(in_utc)]
Slug = Annotated[str, StringConstraints(max_length=100, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Title = Annotated[str, StringConstraints(max_length=200, pattern=LINE)]
Body = Annotated[str, StringConstraints(max_length=20_000, pattern=r"^[^\x00]*$")]
Owner = Annotated[str, StringConstraints(max_length=200, pattern=LINE)]


# The default of an omitted field; JSON cannot express it.
UNCHANGED: Any = None


class PostContent(Schema, extra="forbid"):
    """The content of a post."""

    slug: Slug
    title: Title
    body: Body


class NewPost(PostContent):
    """Request body for creating a post."""
    # {% if "anonymous" in cookiecutter.__facts %}

    owner: Owner
    # {% endif %}


class PostChanges(Schema, extra="forbid"):
    """Partial update: omitted fields are unchanged."""

    slug: Slug = UNCHANGED
    title: Title = UNCHANGED
    body: Body = UNCHANGED


def values_of(changes: PostContent | PostChanges) -> dict[str, Any]:
    """Return the fields that change: all of a content, those of a partial update that are not omitted."""
    return changes.model_dump(exclude_unset=isinstance(changes, PostChanges))


class PostRead(Schema):
    """Response body of a post."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    slug: str
    title: str
    body: str
    owner: str
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime


class PostQuery(PageQuery):
    """Filters and order of a list; a minus sorts in descending order."""

    sort: Literal["created_at", "-created_at", "title", "-title"] = "-created_at"
    owner: Owner | None = None
    published: bool | None = None
    created_from: Moment | None = None
    created_before: Moment | None = None


class PostPage(Schema):
    """A page of a list of posts."""

    items: list[PostRead]
    next: str | None = Field(description="The `cursor` of the next page; null on the last one.")
