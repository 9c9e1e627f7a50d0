# mypy: ignore-errors
import pytest
from fastapi.concurrency import run_in_threadpool
from my_service import create_app
from my_service.posts.tasks import rename_posts

from .shared.celery import (
    test_endpoint_can_start_a_task,
    test_task_that_fails_changes_nothing,
    test_task_uses_the_database,
    test_worker_finds_the_tasks,
)
from .support.databases import make_database
from .support.settings import SECRET_KEY, IsolatedSettings

__all__ = [
    "app",
    "start",
    "test_endpoint_can_start_a_task",
    "test_task_that_fails_changes_nothing",
    "test_task_uses_the_database",
    "test_worker_finds_the_tasks",
]


@pytest.fixture
def app():
    app = create_app(IsolatedSettings(environment="test", secret_key=SECRET_KEY, database_url=make_database()))
    app.state.celery.conf.task_always_eager = True
    return app


@pytest.fixture
def start():
    async def start():
        task = await run_in_threadpool(rename_posts.delay, "Renamed")
        return {"changed": task.get()}

    return start
