"""Rows for tests of migrations: one in each table."""

import warnings
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Column, Connection, Enum, MetaData, Table, insert, select
from sqlalchemy.exc import SAWarning

from {{ cookiecutter.package_name }}.database.base import Base

# Values of columns that need others than SAMPLES, such as those with CHECK constraints: {"orders.status": "OPEN"}.
VALUES: dict[str, object] = {}

SAMPLES: dict[type, object] = {
    bool: True,
    bytes: b"x",
    date: date(2026, 1, 1),
    datetime: datetime(2026, 1, 1, tzinfo=UTC),
    Decimal: Decimal(1),
    dict: {},
    float: 1.0,
    int: 1,
    list: [],
    object: {},  # JSON
    str: "x",
    time: time(1),
    timedelta: timedelta(1),
    UUID: UUID(int=1),
}


def fill_empty_tables(connection: Connection) -> None:
    """Insert a row into each table that has none."""
    tables = MetaData()
    with warnings.catch_warnings(action="ignore", category=SAWarning):
        tables.reflect(connection)
    for table in tables.sorted_tables:
        if connection.execute(select(table).limit(1)).first() is None:
            connection.execute(insert(table).values(make_row(connection, table)))


def make_row(connection: Connection, table: Table) -> dict[str, object]:
    """Return values for the columns that require one."""
    return {
        column.name: make_value(connection, column)
        for column in table.columns
        if not (column.nullable or column.server_default or column is table.autoincrement_column)
    }


def make_value(connection: Connection, column: Column[object]) -> object:
    """Return a value for a column; that of a foreign key is in the first row of the other table."""
    name = f"{column.table.name}.{column.name}"
    if name in VALUES:
        return VALUES[name]
    for key in column.foreign_keys:
        return connection.scalar(select(key.column).limit(1))
    model = Base.metadata.tables.get(column.table.name)
    for known in (column, None if model is None else model.columns.get(column.name)):
        if known is not None and isinstance(known.type, Enum):
            return known.type.enums[0]
    return SAMPLES[column.type.python_type]
