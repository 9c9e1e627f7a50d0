"""Declarative base of all database tables."""

import enum
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, Dialect, Enum, MetaData, String, type_coerce
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware datetime in UTC, also on databases without time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert a datetime to UTC; raise ValueError if it is naive."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a datetime must be timezone-aware")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return a timezone-aware datetime."""
        return value.replace(tzinfo=UTC) if value and not value.tzinfo else value


class Base(DeclarativeBase):
    """Base class of all models; all constraints have names, so that migrations can change them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: UtcDateTime,
        enum.Enum: Enum(enum.Enum, native_enum=False, length=50),
    }

    def __init_subclass__(cls, **options: Any) -> None:
        """Map a model, and add a CHECK constraint for each column of an enum, which is a string."""
        super().__init_subclass__(**options)
        table: Any = cls.__dict__.get("__table__")
        for column in () if table is None else table.columns:
            if isinstance(column.type, Enum) and not column.type.native_enum:
                is_member = type_coerce(column, String()).in_(column.type.enums)
                table.append_constraint(CheckConstraint(is_member, name=column.name))


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)
