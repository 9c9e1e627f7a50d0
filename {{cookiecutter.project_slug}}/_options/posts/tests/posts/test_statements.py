"""How often posts ask the database."""

from collections.abc import Iterator

import httpx2
import pytest
from sqlalchemy import event

from ..support.framework import App
from ..support.sessions import engine_of
from .ownership import BEFORE
from .posts import CONTENT, POST, POSTS, create, path_of


@pytest.fixture
def statements(app: App, client: httpx2.Client) -> Iterator[list[str]]:
    """The statements that were executed, by their first words."""
    executed: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        word = statement.split()[0]
        if word not in ("SAVEPOINT", "RELEASE", "ROLLBACK"):
            executed.append(word)

    event.listen(engine_of(app), "before_cursor_execute", note)
    yield executed
    event.remove(engine_of(app), "before_cursor_execute", note)


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
def test_one_post_takes_few_statements(
    client: httpx2.Client,
    statements: list[str],
    method: str,
    suffix: str,
    content: object,
    expected: list[str],
) -> None:
    path = path_of(create(client))
    statements.clear()

    headers = {"If-Match": '"1"'}
    response = client.request(method, f"{path}{suffix}", json=content, headers=headers)

    assert response.is_success
    assert statements == BEFORE + expected


@pytest.mark.parametrize("rows", [0, 3, 20])
def test_list_takes_one_statement_however_many_there_are(
    client: httpx2.Client, statements: list[str], rows: int
) -> None:
    for number in range(rows):
        create(client, slug=f"post-{number}")
    assert statements == [*BEFORE, "INSERT"] * rows
    statements.clear()

    listed = client.get(POSTS, params={"limit": 3}).json()["items"]

    assert len(listed) == min(rows, 3)
    assert statements == [*BEFORE, "SELECT"]


def test_content_that_does_not_fit_is_not_stored(
    client: httpx2.Client, statements: list[str]
) -> None:
    client.post(POSTS, json=POST | {"slug": ""})

    assert statements == BEFORE
