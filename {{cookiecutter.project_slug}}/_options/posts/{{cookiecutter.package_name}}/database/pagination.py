"""Keyset pagination: a cursor is the position of the last row of a page, so pages are stable under inserts and deletes."""

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

# The fingerprint of the query, the value of the sort key, the id.
CURSOR = TypeAdapter(tuple[str, str, UUID])


class InvalidCursor(ProblemError):
    """The cursor is malformed, or was issued for another sort or filter."""

    status = 422
    invalid = (
        {
            "loc": ("query", "cursor"),
            "msg": "Use `next` of the previous page, with the same sort and filters",
        },
    )


class PageQuery(Schema, extra="forbid"):
    """Query parameters of a list in pages; a subclass narrows `sort`, and adds a field for each filter."""

    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = Field(
        default=None, max_length=2000, description="`next` of the previous page."
    )
    sort: str

    def fingerprint(self) -> str:
        """Return a short hash of the sort and the filters, equal for all pages of a list."""
        sort_and_filters = self.model_dump_json(exclude={"limit", "cursor"})
        return sha256(sort_and_filters.encode()).hexdigest()[:16]


class Key(NamedTuple):
    """A sort key: a column that is never NULL, and the type that validates its values in cursors."""

    column: InstrumentedAttribute[Any]
    adapter: TypeAdapter[Any]


class Cursor(NamedTuple):
    """The position of a row in a list: the value of its sort key, and its id."""

    key: Any
    id: UUID

    def encode(self, fingerprint: str) -> str:
        """Return an opaque text that is safe in URLs."""
        content = to_json([fingerprint, self.key, self.id])
        return urlsafe_b64encode(content).rstrip(b"=").decode()

    @classmethod
    def decode(cls, text: str, fingerprint: str, adapter: TypeAdapter[Any]) -> "Cursor":
        """Return the position in a text; raise InvalidCursor if it is malformed, or of another fingerprint."""
        try:
            content = urlsafe_b64decode(text + "=" * (-len(text) % 4))
            issued_for, value, row_id = CURSOR.validate_json(content)
            key = adapter.validate_python(value)
        except ValueError:
            raise InvalidCursor from None
        if issued_for != fingerprint:
            raise InvalidCursor
        return cls(key, row_id)


class Pages(Generic[Entity]):
    """The pages of a list: its statement, its sort keys by name, its id, and its filters by name.

    A filter is a condition with a bound parameter; the condition, the parameter and the field of the query have the same
    name. Statements are cached, because building one takes SQLAlchemy a considerable part of the time of a request.
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
        self.cached_statement = lru_cache(maxsize=1024)(self.build_statement)

    def select(
        self, query: PageQuery, *where: ColumnElement[bool]
    ) -> tuple[Select[Entity], dict[str, Any]]:
        """Return the statement of a page and its parameters; it selects one row more, to detect a next page.

        `where` are additional conditions. They are keys of the cache, so pass the same objects with every call, and
        bound parameters in place of values. Raises InvalidCursor, and KeyError for a field without a filter.
        """
        parameters = query.model_dump(exclude=set(PageQuery.model_fields), exclude_none=True)
        conditions = *where, *(self.filters[name] for name in parameters)
        parameters["limit"] = query.limit + 1
        if query.cursor is not None:
            adapter = self.key_of(query).adapter
            cursor = Cursor.decode(query.cursor, query.fingerprint(), adapter)
            parameters |= {"cursor_key": cursor.key, "cursor_id": cursor.id}
        statement = self.cached_statement(query.sort, query.cursor is not None, *conditions)
        return statement, parameters

    def build_statement(
        self, sort: str, has_cursor: bool, *where: ColumnElement[bool]
    ) -> Select[Entity]:
        """Return the statement of the first page, or of the pages after a cursor."""
        key, row_id = columns = self.keys[sort.removeprefix("-")].column, self.id_column
        is_descending = sort.startswith("-")
        if has_cursor:
            position = tuple_(key, row_id)
            cursor_key = bindparam("cursor_key", type_=key.type)
            cursor = tuple_(cursor_key, bindparam("cursor_id", type_=row_id.type))
            where = *where, position < cursor if is_descending else position > cursor
        ordered = [column.desc() if is_descending else column.asc() for column in columns]
        return self.statement.where(*where).order_by(*ordered).limit(bindparam("limit"))

    def next(self, rows: Sequence[Any], query: PageQuery) -> str | None:
        """Return the cursor of the next page, or None if the rows of `select` are the last ones."""
        if len(rows) <= query.limit:
            return None
        last = rows[query.limit - 1]
        key = getattr(last, self.key_of(query).column.key)
        return Cursor(key, getattr(last, self.id_column.key)).encode(query.fingerprint())

    def key_of(self, query: PageQuery) -> Key:
        """Return the sort key of a query, without its direction."""
        return self.keys[query.sort.removeprefix("-")]
