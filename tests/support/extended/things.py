# mypy: ignore-errors
"""What the endpoints of the extended service take and send."""

from decimal import Decimal
from enum import StrEnum

from my_service.web.schemas import Schema
from pydantic import Field


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Size(Schema):
    """Outer measures."""

    width: int = Field(gt=0, le=1000, description="In millimetres.")
    weight: Decimal = Field(default=Decimal(1), ge=0, decimal_places=2)


class Thing(Schema):
    """A thing."""

    name: str = Field(min_length=1, max_length=50, examples=["lamp"])
    colour: Colour = Colour.RED
    note: str | None = None
    size: Size | None = None
    tags: list[str] = []


class Page(Schema):
    limit: int = Field(default=20, ge=1, le=100, description="How many.")
    start: str | None = Field(default=None, min_length=1, max_length=50)
    colours: list[Colour] = []
    sort: Colour = Colour.RED
