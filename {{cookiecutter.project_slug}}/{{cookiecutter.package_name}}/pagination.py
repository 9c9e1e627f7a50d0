"""Lists in pages: each begins where the one before ended, however far that is, and whatever was added since."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import Field, TypeAdapter
from pydantic_core import to_json
from sqlalchemy import Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from .problems import ProblemError
from .schemas import Schema

# A fingerprint of the query, the value of the key, the id.
CURSOR = TypeAdapter(tuple[str, str, UUID])


class InvalidCursor(ProblemError):
    """A cursor that was not made here, or for another sort or filter."""

    status = 422
    invalid = (
        {"loc": ("query", "cursor"), "msg": "Take it from the page before, with the same query"},
    )


class PageQuery(Schema, extra="forbid"):
    """What the query of a list says of its pages; a list adds its filters, and narrows `sort`."""

    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = Field(
        default=None, max_length=2000, description="`next` of the page before."
    )
    sort: str

    def fingerprint(self) -> str:
        """Return a short text that differs between sorts and filters, and not between pages."""
        same = self.model_dump_json(exclude={"limit", "cursor"})
        return sha256(same.encode()).hexdigest()[:16]


class Key(NamedTuple):
    """What a list may be sorted by: a column that is never null, and what its values are valid as."""

    column: InstrumentedAttribute[Any]
    adapter: TypeAdapter[Any]


class Order:
    """The orders that a list may be in: by one of some columns, and by the id among equals."""

    def __init__(self, keys: Mapping[str, Key], id_column: InstrumentedAttribute[UUID]) -> None:
        self.keys, self.id_column = keys, id_column
        self.positions = {name: tuple_(key.column, id_column) for name, key in keys.items()}

    def page(self, statement: Select[Any], query: PageQuery) -> Select[Any]:
        """Select the page, and one row more, which tells whether there is a next one.

        Raises InvalidCursor.
        """
        name = query.sort.removeprefix("-")
        is_descending = query.sort.startswith("-")
        if query.cursor is not None:
            position, seen = self.positions[name], self.decode(query.cursor, query)
            statement = statement.where(position < seen if is_descending else position > seen)
        columns = (self.keys[name].column, self.id_column)
        ordered = [column.desc() if is_descending else column.asc() for column in columns]
        return statement.order_by(*ordered).limit(query.limit + 1)

    def next(self, rows: Sequence[Any], query: PageQuery) -> str | None:
        """Return the cursor of the next page, where the rows are more than the page takes."""
        if len(rows) <= query.limit:
            return None
        last = rows[query.limit - 1]
        key = getattr(last, self.keys[query.sort.removeprefix("-")].column.key)
        content = to_json([query.fingerprint(), key, getattr(last, self.id_column.key)])
        return urlsafe_b64encode(content).rstrip(b"=").decode()

    def decode(self, cursor: str, query: PageQuery) -> tuple[Any, UUID]:
        """Return the values in a cursor; raise InvalidCursor where they are not of this order."""
        adapter = self.keys[query.sort.removeprefix("-")].adapter
        try:
            content = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            fingerprint, value, row_id = CURSOR.validate_json(content)
            key = adapter.validate_python(value)
        except ValueError:
            raise InvalidCursor from None
        if fingerprint != query.fingerprint():
            raise InvalidCursor
        return key, row_id
