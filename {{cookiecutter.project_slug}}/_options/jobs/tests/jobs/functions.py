"""Jobs of these tests. Their effects are rows of a name that no worker knows."""

import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from uuid_utils.compat import uuid7

from {{ cookiecutter.package_name }}.jobs.functions import job
from {{ cookiecutter.package_name }}.jobs.models import Job
from {{ cookiecutter.package_name }}.jobs.runs import PermanentError, Run
from {{ cookiecutter.package_name }}.observability import context

EFFECT = "effect"
NO_POST = UUID(int=0)


def make_effect(text: str) -> Job:
    """Return a row that a job inserts as its effect."""
    return Job(id=uuid7(), name=EFFECT, arguments={"text": text})


@job(name="write")
def write(run: Run, text: str) -> None:
    """Write in the transaction that ends the job."""
    with run.end() as session:
        session.add(make_effect(f"{text} {context.current().request_id}"))


@job(name="fail", max_attempts=2)
def fail(run: Run, after_end: bool = False) -> None:
    """Fail, before or after the end; what it has written in its last transaction is rolled back."""
    if after_end:
        with run.end() as session:
            session.add(make_effect("before the error"))
    with run.database.begin() as session:
        session.add(make_effect("in the transaction of the error"))
        raise ValueError("no such\0 printer")


@job(name="show", priority=5, every=timedelta(hours=1))
def show(run: Run, post_id: UUID = NO_POST, *, times: int = 1) -> str:
    """Return the arguments."""
    return f"{post_id} {times}"


@job(name="write_slowly")
def write_slowly(run: Run, path: Path, seconds: float) -> None:
    """Report that it has begun in a file, work, and write at the end."""
    path.write_text("begun")
    time.sleep(seconds)
    with run.end() as session:
        session.add(make_effect("slow"))


@job(name="fail_permanently")
def fail_permanently(run: Run) -> None:
    """Fail in a way that no retry can change."""
    raise PermanentError("no such address")
