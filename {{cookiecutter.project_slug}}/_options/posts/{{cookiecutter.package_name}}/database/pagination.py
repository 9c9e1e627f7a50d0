"""Lists in pages: each begins where the one before ended, however far that is, and whatever was added since."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from pydantic import Field, TypeAdapter
from pydantic_core import to_json
from sqlalchemy import ColumnElement, Select, bindparam, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from ..web.problems import ProblemError
from ..web.schemas import Schema

Entity = TypeVar("Entity")

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

    def filters(self) -> dict[str, Any]:
        """Return what narrows the list: the fields that a list has added, as far as they were given."""
        own = PageQuery.model_fields
        return {name: value for name, value in self if name not in own and value is not None}

    def fingerprint(self) -> str:
        """Return a short text that differs between sorts and filters, and not between pages."""
        same = self.model_dump_json(exclude={"limit", "cursor"})
        return sha256(same.encode()).hexdigest()[:16]


class Key(NamedTuple):
    """What a list may be sorted by: a column that is never null, and what its values are valid as."""

    column: InstrumentedAttribute[Any]
    adapter: TypeAdapter[Any]


class Pages(Generic[Entity]):
    """A list in pages: what it has, the keys it may be sorted by, and the filters that its query may have.

    A filter is a condition on a parameter that has its name, and the name of a field of the query. Each kind
    of query has a statement, which is made once: to make it for each request would take a sixth of its time.
    """

    def __init__(
        self,
        statement: Select[Entity],
        keys: Mapping[str, Key],
        id_column: InstrumentedAttribute[UUID],
        filters: Mapping[str, ColumnElement[bool]] | None = None,
    ) -> None:
        self.statement, self.keys, self.id_column = statement, keys, id_column
        self.filters = filters or {}
        self.made = lru_cache(maxsize=1024)(self.make)

    def select(
        self, query: PageQuery, *where: ColumnElement[bool]
    ) -> tuple[Select[Entity], dict[str, Any]]:
        """Return the statement of a page, of what meets some conditions as well, and its parameters.

        It gives one row more than the page has, which tells whether there is a next one. Conditions have to be
        constants, with parameters for what differs. Raises InvalidCursor, and KeyError for a field of the query
        that is no filter.
        """
        values = query.filters()
        conditions = *where, *(self.filters[name] for name in values)
        values["limit"] = query.limit + 1
        if query.cursor is not None:
            values["cursor_key"], values["cursor_id"] = self.decode(query.cursor, query)
        return self.made(query.sort, query.cursor is not None, *conditions), values

    def make(self, sort: str, continues: bool, *where: ColumnElement[bool]) -> Select[Entity]:
        """Make the statement of pages that are sorted so, the first ones or those after a cursor."""
        key, row_id = columns = self.keys[sort.removeprefix("-")].column, self.id_column
        is_descending = sort.startswith("-")
        if continues:
            position = tuple_(key, row_id)
            seen_key = bindparam("cursor_key", type_=key.type)
            seen = tuple_(seen_key, bindparam("cursor_id", type_=row_id.type))
            where = *where, position < seen if is_descending else position > seen
        ordered = [column.desc() if is_descending else column.asc() for column in columns]
        return self.statement.where(*where).order_by(*ordered).limit(bindparam("limit"))

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
