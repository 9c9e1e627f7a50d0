"""The number of statements of requests for posts."""

from collections.abc import Iterator

import httpx2
import pytest
from sqlalchemy import event

from ..support.framework import App
from ..support.sessions import get_engine
from .ownership import AUTHENTICATION_STATEMENTS
from .posts import CONTENT, POST, POSTS, create, post_path


@pytest.fixture
def statements(app: App, client: httpx2.Client) -> Iterator[list[str]]:
    """Collect the first words of the executed statements."""
    executed: list[str] = []

    def record(connection: object, cursor: object, statement: str, *rest: object) -> None:
        word = statement.split()[0]
        if word not in ("SAVEPOINT", "RELEASE", "ROLLBACK"):
            executed.append(word)

    event.listen(get_engine(app), "before_cursor_execute", record)
    yield executed
    event.remove(get_engine(app), "before_cursor_execute", record)


@pytest.mark.parametrize(
    ("method", "suffix", "content", "expected"),
    [
        ("GET", "", None, ["SELECT"]),
        ("PUT", "", CONTENT, ["SELECT", "UPDATE"]),
        ("PATCH", "", {"title": "On rye"}, ["SELECT", "UPDATE"]),
        ("DELETE", "", None, ["SELECT", "DELETE"]),
        ("POST", "/publish", None, ["SELECT", "SELECT", "UPDATE"]),
    ],
)
def test_requests_for_one_post_execute_few_statements(
    client: httpx2.Client,
    statements: list[str],
    method: str,
    suffix: str,
    content: object,
    expected: list[str],
) -> None:
    path = post_path(create(client))
    statements.clear()

    headers = {"If-Match": '"1"'}
    response = client.request(method, f"{path}{suffix}", json=content, headers=headers)

    assert response.is_success
    assert statements == AUTHENTICATION_STATEMENTS + expected


@pytest.mark.parametrize("rows", [0, 3, 20])
def test_list_executes_one_select(client: httpx2.Client, statements: list[str], rows: int) -> None:
    for number in range(rows):
        create(client, slug=f"post-{number}")
    assert statements == [*AUTHENTICATION_STATEMENTS, "INSERT"] * rows
    statements.clear()

    listed = client.get(POSTS, params={"limit": 3}).json()["items"]

    assert len(listed) == min(rows, 3)
    assert statements == [*AUTHENTICATION_STATEMENTS, "SELECT"]


def test_invalid_content_executes_no_insert(client: httpx2.Client, statements: list[str]) -> None:
    client.post(POSTS, json=POST | {"slug": ""})

    assert statements == AUTHENTICATION_STATEMENTS
