"""What goes over the wire about posts."""

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
    """Raise ValueError for a number, which pydantic would take for seconds since 1970."""
    if isinstance(moment, str) and moment[4:5] != "-":
        raise ValueError("write it like 2026-01-31T12:00:00Z")
    return moment


def in_utc(moment: datetime) -> datetime:
    """Return the moment in UTC; raise ValueError where that is before the year 1 or after 9999."""
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


# What no client can send: such a field is left out of what is to change.
UNCHANGED: Any = None


class PostContent(Schema, extra="forbid"):
    """What the owner of a post writes."""

    slug: Slug
    title: Title
    body: Body


class NewPost(PostContent):
    """A post that is to be."""
    # {% if "anonymous" in cookiecutter.__facts %}

    owner: Owner
    # {% endif %}


class PostChanges(Schema, extra="forbid"):
    """The parts of a post that are to change; what is left out stays."""

    slug: Slug = UNCHANGED
    title: Title = UNCHANGED
    body: Body = UNCHANGED


class PostRead(Schema):
    """A post as everyone sees it."""

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
    """Which posts, and in which order; a minus is for the last one first."""

    sort: Literal["created_at", "-created_at", "title", "-title"] = "-created_at"
    owner: Owner | None = None
    published: bool | None = None
    created_from: Moment | None = None
    created_before: Moment | None = None


class PostPage(Schema):
    """Some posts of a list."""

    items: list[PostRead]
    next: str | None = Field(description="The `cursor` of the next page; null on the last one.")
