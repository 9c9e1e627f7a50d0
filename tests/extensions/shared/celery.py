# mypy: ignore-errors
"""Tasks of Celery; `app` and `start` are those of a framework."""

from my_service.posts.tasks import rename_posts

from ..support.framework import client_for, route

POST = {"slug": "first", "title": "First", "body": "Hello", "owner": "ada"}


def test_task_uses_the_database(app):
    with client_for(app) as client:
        client.post("/api/v1/posts", json=POST)
        changed = rename_posts.delay("Renamed").get()
        titles = [each["title"] for each in client.get("/api/v1/posts").json()["items"]]

    assert changed == 1
    assert titles == ["Renamed"]


def test_task_that_fails_changes_nothing(app):
    with client_for(app) as client:
        client.post("/api/v1/posts", json=POST)
        result = rename_posts.delay(None)
        titles = [each["title"] for each in client.get("/api/v1/posts").json()["items"]]

    assert result.state == "FAILURE"
    assert titles == ["First"]


def test_endpoint_can_start_a_task(app, start):
    route(app, "/rename", start)

    with client_for(app) as client:
        assert client.get("/rename").json() == {"changed": 0}


def test_worker_finds_the_tasks(environment):
    import worker

    worker.celery.loader.import_default_modules()

    assert "my_service.posts.tasks.rename_posts" in worker.celery.tasks
