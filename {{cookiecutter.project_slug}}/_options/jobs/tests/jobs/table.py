"""Access to the table of jobs."""

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from {{ cookiecutter.package_name }}.jobs.functions import JobFunction
from {{ cookiecutter.package_name }}.jobs.models import Job

from .functions import EFFECT

# Seconds; a test that waits longer fails.
PATIENCE = 30


class JobTable:
    """The rows of jobs, each access in a transaction of its own."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def insert(self, function: JobFunction[Any], **arguments: object) -> None:
        """Insert a job."""
        with Session(self.engine) as session, session.begin():
            session.add(function.make_job(**arguments))

    def update(self, **values: object) -> None:
        """Change all jobs."""
        with Session(self.engine) as session, session.begin():
            session.execute(update(Job).where(Job.name != EFFECT).values(**values))

    def jobs(self) -> list[Job]:
        """Return all jobs, the oldest first."""
        with Session(self.engine, expire_on_commit=False) as session:
            statement = select(Job).where(Job.name != EFFECT).order_by(Job.id)
            return list(session.scalars(statement).all())

    def effects(self) -> list[str]:
        """Return the effects of jobs, in the order in which they were written."""
        with Session(self.engine) as session:
            rows = session.scalars(select(Job.arguments).where(Job.name == EFFECT).order_by(Job.id))
            return [row["text"] for row in rows]


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
