"""An endpoint that enqueues jobs, and coroutine functions that are jobs."""

import asyncio
from typing import Any

from flask import Flask as App
from flask import jsonify, request

from {{ cookiecutter.package_name }}.database.session import get_session
from {{ cookiecutter.package_name }}.jobs.functions import JobFunction, job
from {{ cookiecutter.package_name }}.jobs.models import Job
from {{ cookiecutter.package_name }}.jobs.runs import Run
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

    def enqueue() -> Any:
        session = get_session()
        if row:
            session.add(row)
        job_id = function.enqueue(session, **request.get_json())
        if error:
            raise error
        return jsonify(job_id)

    app.add_url_rule(path, path, enqueue, methods=["POST"])


@job(name="write_in_coroutine", time_limit=5)
async def write_in_coroutine(run: Run, text: str) -> None:
    with run.database.begin("read") as session:
        assert session.in_transaction() is False
    with run.end() as session:
        session.add(make_effect(f"{text} {context.current().request_id}"))


@job(name="exceed_time_limit", time_limit=0.01)
async def exceed_time_limit(run: Run) -> None:
    await asyncio.sleep(60)
