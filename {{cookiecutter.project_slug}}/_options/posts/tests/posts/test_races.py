"""Concurrent requests, and other tests of posts that commit."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy import event

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.config import Settings

from ..support.databases import make_database
from ..support.framework import App
from ..support.sessions import get_engine, held_connection
from .conftest import author_client
from .ownership import AUTHENTICATION_STATEMENTS
from .posts import CONTENT, POST, POSTS, create, post_path

CLIENTS = 20


@pytest.fixture(scope="module")
def database_url() -> SecretStr:
    """Return the URL of a database for tests that commit."""
    return make_database()


@pytest.fixture
def app(settings: Settings, database_url: SecretStr) -> App:
    own = {"database_url": database_url, "log_level": "WARNING"}
    return create_app(settings.model_copy(update=own))


@pytest.fixture
def client(app: App) -> Iterator[httpx2.Client]:
    with author_client(app) as client:
        yield client
        for post in client.get(POSTS, params={"limit": 100}).json()["items"]:
            client.delete(f"{POSTS}/{post['id']}", headers={"If-Match": "*"})


def send_concurrently(request: Callable[[int], httpx2.Response]) -> Counter[int]:
    """Send requests concurrently; count the statuses."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        return Counter(response.status_code for response in pool.map(request, range(CLIENTS)))


def test_concurrent_creates_use_a_slug_once(client: httpx2.Client) -> None:
    statuses = send_concurrently(
        lambda number: client.post(POSTS, json=POST | {"title": f"{number}"})
    )

    assert statuses == {201: 1, 409: CLIENTS - 1}
    assert len(client.get(POSTS).json()["items"]) == 1


def test_concurrent_updates_with_one_etag_succeed_once(client: httpx2.Client) -> None:
    path = post_path(create(client))

    def replace(number: int) -> httpx2.Response:
        content = CONTENT | {"title": f"{number}"}
        return client.put(path, json=content, headers={"If-Match": '"1"'})

    assert send_concurrently(replace) == {200: 1, 412: CLIENTS - 1}
    assert client.get(path).headers["ETag"] == '"2"'


def test_concurrent_deletes_succeed_once(client: httpx2.Client) -> None:
    path = post_path(create(client))

    statuses = send_concurrently(lambda number: client.delete(path, headers={"If-Match": '"1"'}))

    assert statuses[204] == 1
    assert set(statuses) <= {204, 404, 412}


def test_concurrent_publishing_is_idempotent(client: httpx2.Client) -> None:
    path = post_path(create(client))

    assert send_concurrently(lambda number: client.post(f"{path}/publish")) == {200: CLIENTS}
    assert client.get(path).headers["ETag"] == '"2"'


def test_rejected_update_changes_nothing(client: httpx2.Client) -> None:
    created = create(client)
    create(client, slug="taken")

    response = client.patch(
        post_path(created), json={"title": "On rye", "slug": "taken"}, headers={"If-Match": '"1"'}
    )

    assert response.status_code == 409
    assert client.get(post_path(created)).json() == created.json()


def test_export_contains_every_post(client: httpx2.Client) -> None:
    posts = [create(client, slug=f"post-{number}").json() for number in range(3)]

    response = client.get(f"{POSTS}/export")

    assert response.headers["Content-Type"] == "application/x-ndjson"
    lines = response.text.splitlines()
    assert [httpx2.Response(200, text=line).json() for line in lines] == posts


@pytest.mark.parametrize("rows", [0, 3, 20])
def test_export_executes_one_select(app: App, client: httpx2.Client, rows: int) -> None:
    for number in range(rows):
        create(client, slug=f"post-{number}")
    executed: list[str] = []

    def record(connection: object, cursor: object, statement: str, *rest: object) -> None:
        executed.append(statement.split()[0])

    event.listen(get_engine(app), "before_cursor_execute", record)
    assert len(client.get(f"{POSTS}/export").text.splitlines()) == rows

    assert [word for word in executed if word != "BEGIN"] == [*AUTHENTICATION_STATEMENTS, "SELECT"]


def test_connections_are_returned_to_the_pool(app: App, client: httpx2.Client) -> None:
    path = post_path(create(client))
    pool: Any = get_engine(app).pool

    client.get(f"{POSTS}/export")
    client.put(path, json=CONTENT)
    with held_connection(app, client):
        assert pool.checkedout() == 1

    assert pool.checkedout() == 0
