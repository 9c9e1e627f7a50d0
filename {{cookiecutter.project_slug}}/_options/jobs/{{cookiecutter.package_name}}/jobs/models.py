"""The table of jobs."""

import enum
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ..database.base import Base, now


class Status(enum.Enum):
    """The state of a job; a job that failed and will be retried is pending."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    GIVEN_UP = "given up"


class Job(Base):
    """A call of a function that a worker makes after the commit of the transaction that inserted it."""

    __tablename__ = "jobs"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON)
    # Set to null when the job starts, so that a key is unique among the pending jobs.
    key: Mapped[str | None] = mapped_column(String(200), unique=True)
    # The highest priority first.
    priority: Mapped[int] = mapped_column(default=0)
    run_at: Mapped[datetime] = mapped_column(default=now)
    status: Mapped[Status] = mapped_column(default=Status.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    # Another worker may take a running job at this time: its worker must have died.
    lease_until: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(String(128))
    trace_id: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "status", "run_at"),)
