"""An endpoint that enqueues jobs, and coroutine functions that are jobs."""

import asyncio
from typing import Any

from fastapi import FastAPI as App

from {{ cookiecutter.package_name }}.database.session import SessionDep
from {{ cookiecutter.package_name }}.jobs.calls import AsyncRun
from {{ cookiecutter.package_name }}.jobs.functions import JobFunction, job
from {{ cookiecutter.package_name }}.jobs.models import Job
from {{ cookiecutter.package_name }}.observability import context

from .functions import make_effect


def route_enqueue(
    app: App,
    path: str,
    function: JobFunction[Any],
    *,
    row: Job | None = None,
    error: Exception | None = None,
) -> None:
    """Add an endpoint that may insert a row, enqueues a job with the arguments in the body, and may raise an error."""

    async def enqueue(session: Any, arguments: Any) -> Any:
        if row:
            session.add(row)
        job_id = await function.enqueue(session, **arguments)
        if error:
            raise error
        return job_id

    enqueue.__annotations__ = {"session": SessionDep, "arguments": dict[str, Any]}
    app.add_api_route(path, enqueue, methods=["POST"], response_model=None, name=path)


@job(name="write_in_coroutine", time_limit=5)
async def write_in_coroutine(run: AsyncRun, text: str) -> None:
    async with run.database.begin("read") as session:
        assert session.in_transaction() is False
    async with run.end() as session:
        session.add(make_effect(f"{text} {context.current().request_id}"))


@job(name="exceed_time_limit", time_limit=0.01)
async def exceed_time_limit(run: AsyncRun) -> None:
    await asyncio.sleep(60)
