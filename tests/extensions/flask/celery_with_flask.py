# mypy: ignore-errors
import pytest
from my_service import create_app
from my_service.posts.tasks import rename_posts

from .support.databases import make_database
from .support.framework import client_for, route
from .support.settings import SECRET_KEY, IsolatedSettings


@pytest.fixture
def app():
    app = create_app(IsolatedSettings(environment="test", secret_key=SECRET_KEY, database_url=make_database()))
    app.extensions["celery"].conf.task_always_eager = True
    return app


def test_task_uses_the_database(app):
    post = {"slug": "first", "title": "First", "body": "Hello", "owner": "ada"}
    with client_for(app) as client:
        client.post("/api/v1/posts", json=post)
        changed = rename_posts.delay("Renamed").get()
        titles = [each["title"] for each in client.get("/api/v1/posts").json()["items"]]

    assert changed == 1
    assert titles == ["Renamed"]


def test_task_that_fails_changes_nothing(app):
    post = {"slug": "first", "title": "First", "body": "Hello", "owner": "ada"}
    with client_for(app) as client:
        client.post("/api/v1/posts", json=post)
        result = rename_posts.delay(None)
        titles = [each["title"] for each in client.get("/api/v1/posts").json()["items"]]

    assert result.state == "FAILURE"
    assert titles == ["First"]


def test_endpoint_can_start_a_task(app):
    route(app, "/rename", start)

    with client_for(app) as client:
        assert client.get("/rename").json() == {"changed": 0}


def start():
    return {"changed": rename_posts.delay("Renamed").get()}


def test_worker_finds_the_tasks(environment):
    import worker

    worker.celery.loader.import_default_modules()

    assert "my_service.posts.tasks.rename_posts" in worker.celery.tasks
