# mypy: ignore-errors
import pytest
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
    app.extensions["celery"].conf.task_always_eager = True
    return app


@pytest.fixture
def start():
    def start():
        return {"changed": rename_posts.delay("Renamed").get()}

    return start
