"""Definitions of jobs, and `enqueue()` in the unit of work of a request."""

import importlib
import pkgutil
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from pydantic import ValidationError

from {{ cookiecutter.package_name }} import background
from {{ cookiecutter.package_name }}.database.base import now
from {{ cookiecutter.package_name }}.database.errors import Conflict
from {{ cookiecutter.package_name }}.jobs.functions import JobFunction, job
from {{ cookiecutter.package_name }}.jobs.models import Status

from ..support.framework import App
from ..support.settings import PACKAGE
from .endpoints import route_enqueue
from .functions import show, write
from .table import JobTable

ROOT = Path(__file__).parents[2] / PACKAGE
TRACE = "0af7651916cd43dd8448eb211c80319c"


def test_job_is_inserted_by_the_request_with_its_ids(
    app: App, client: httpx2.Client, table: JobTable
) -> None:
    route_enqueue(app, "/show", show)
    headers = {"X-Request-ID": "abc", "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}

    response = client.post("/show", json={"post_id": str(UUID(int=7))}, headers=headers)

    (row,) = table.jobs()
    assert response.json() == str(row.id)
    assert (row.name, row.status, row.attempts, row.priority) == ("show", Status.PENDING, 0, 5)
    assert row.arguments == {"post_id": str(UUID(int=7)), "times": 1}
    assert (row.request_id, row.trace_id) == ("abc", TRACE)


def test_error_of_the_request_takes_the_job_back(
    app: App, client: httpx2.Client, table: JobTable
) -> None:
    route_enqueue(app, "/failing", write, error=Conflict())
    route_enqueue(app, "/working", write)

    assert client.post("/failing", json={"text": "a"}).status_code == 409
    assert client.post("/working", json={"text": "a"}).status_code == 200

    assert len(table.jobs()) == 1


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, TypeError),
        ({"text": "a", "unknown": 1}, TypeError),
        ({"text": ["hunter2"]}, ValidationError),
    ],
)
def test_invalid_arguments_are_rejected_at_once(
    arguments: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        write.make_job(**arguments)
    assert "hunter2" not in str(caught.value)


def test_arguments_have_their_types_again() -> None:
    given: Any = {"post_id": str(UUID(int=3)), "times": "4"}

    assert show.parse(show.make_job(**given).arguments) == {"post_id": UUID(int=3), "times": 4}


def test_job_is_a_function() -> None:
    assert show(None, UUID(int=2), times=3) == f"{UUID(int=2)} 3"


def test_key_is_unique_among_pending_jobs(app: App, client: httpx2.Client, table: JobTable) -> None:
    route_enqueue(app, "/write", write.configure(key="once"))

    first, second = (client.post("/write", json={"text": "a"}).json() for _ in range(2))

    assert (str(table.jobs()[0].id), second) == (first, None)
    assert len(table.jobs()) == 1


def test_error_of_another_row_is_not_that_of_the_key(
    app: App, client: httpx2.Client, table: JobTable
) -> None:
    table.insert(write.configure(key="taken"), text="a")
    row = write.configure(key="taken").make_job("b")
    route_enqueue(app, "/write", write.configure(key="free"), row=row)

    assert client.post("/write", json={"text": "c"}).status_code == 409

    assert len(table.jobs()) == 1


def test_delay_and_priority_can_be_set() -> None:
    later = show.configure(delay=timedelta(hours=1), priority=-1).make_job()

    assert timedelta(minutes=59) < later.run_at - now() <= timedelta(hours=1)
    assert (later.priority, show.configure().make_job().priority) == (-1, 5)


def test_name_is_that_of_the_function() -> None:
    def send(run: Any, address) -> None:  # type: ignore[no-untyped-def]  # any argument
        pass

    assert job()(send).name.endswith("jobs.test_functions.send")
    assert job()(send).make_job("a").arguments == {"address": "a"}


def test_arguments_must_have_names() -> None:
    def send(run: Any, *addresses: str) -> None:
        pass

    with pytest.raises(TypeError, match=r"send\(\) is no job"):
        job()(send)


def test_every_job_is_in_the_list() -> None:
    names = [function.name for function in background.JOBS]

    assert sorted(names) == sorted(jobs_of_package())
    assert len(set(names)) == len(names)


def jobs_of_package() -> set[str]:
    """Return the names of the jobs in all modules."""
    found = pkgutil.walk_packages([str(ROOT)], f"{PACKAGE}.")
    modules = [importlib.import_module(each.name) for each in found if "__main__" not in each.name]
    objects = [each for module in modules for each in vars(module).values()]
    return {each.name for each in objects if isinstance(each, JobFunction)}
