"""Who may see a post, and who may change it."""

from unittest.mock import patch

import httpx2
import pytest
from sqlalchemy import event

from ..accounts.people import authorization, log_in, sign_up
from ..conftest import App
from ..sessions import engine_of
from .posts import CONTENT, POST, POSTS, create, path_of, titles


def changes(path: str) -> list[tuple[str, str]]:
    """Return the requests that change a post."""
    return [("PUT", path), ("PATCH", path), ("DELETE", path), ("POST", f"{path}/publish")]


def send(
    client: httpx2.Client, method: str, path: str, headers: dict[str, str] | None = None
) -> int:
    content = CONTENT if method in ("PUT", "PATCH") else None
    wanted = {"If-Match": "*", **(headers or {})}
    return client.request(method, path, json=content, headers=wanted).status_code


@pytest.fixture
def stranger(client: httpx2.Client) -> dict[str, str]:
    return authorization(sign_up(client))


def test_post_belongs_to_who_created_it(client: httpx2.Client) -> None:
    created = create(client).json()

    assert created["owner"] == client.get("/api/v1/accounts/me").json()["id"]
    refused = client.post(POSTS, json=POST | {"slug": "other", "owner": "alice"})
    assert refused.status_code == 422


def test_draft_is_not_there_for_others(client: httpx2.Client, stranger: dict[str, str]) -> None:
    path = path_of(create(client))

    assert send(client, "GET", path) == 200
    assert send(client, "GET", path, stranger) == 404
    assert [send(client, *change, stranger) for change in changes(path)] == [404] * 4
    listed = client.get(POSTS, headers=stranger).json()["items"]
    assert listed == []
    assert len(titles(client)) == 1


def test_published_post_is_there_for_all_and_changed_by_its_owner_alone(
    client: httpx2.Client, stranger: dict[str, str]
) -> None:
    path = path_of(create(client))
    client.post(f"{path}/publish")

    assert send(client, "GET", path, stranger) == 200
    assert [send(client, *change, stranger) for change in changes(path)] == [403] * 4
    assert len(client.get(POSTS, headers=stranger).json()["items"]) == 1
    assert send(client, "PUT", path) == 200


def test_nobody_reads_what_is_published_and_changes_nothing(client: httpx2.Client) -> None:
    path = path_of(create(client))

    with patch.dict(client.headers):
        del client.headers["Authorization"]
        assert send(client, "GET", path) == 404
        assert [send(client, *change) for change in changes(path)] == [401] * 4
        assert client.post(POSTS, json=POST).status_code == 401
        assert client.get(f"{POSTS}/export").status_code == 401
        assert client.get(POSTS).json()["items"] == []


def test_drafts_of_others_are_not_asked_for(app: App, client: httpx2.Client) -> None:
    create(client)
    executed: list[object] = []

    def note(*arguments: object) -> None:
        executed.append(arguments)

    event.listen(engine_of(app), "before_cursor_execute", note)
    with patch.dict(client.headers):
        del client.headers["Authorization"]
        page = client.get(POSTS, params={"published": False}).json()
    event.remove(engine_of(app), "before_cursor_execute", note)

    assert page == {"items": [], "next": None}
    assert executed == []


def test_export_needs_its_scope(client: httpx2.Client, stranger: dict[str, str]) -> None:
    response = client.get(f"{POSTS}/export", headers=stranger)

    assert response.status_code == 403
    assert response.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope"'


def test_token_that_is_over_sees_no_draft_and_what_needs_none(client: httpx2.Client) -> None:
    draft, published = path_of(create(client)), path_of(create(client, slug="published"))
    client.post(f"{published}/publish")
    email = client.get("/api/v1/accounts/me").json()["email"]
    elsewhere = authorization(log_in(client, email).json())
    paths = (draft, published, POSTS, f"{POSTS}?published=true")
    assert [send(client, "GET", path, elsewhere) for path in paths] == [200] * 4

    client.post("/api/v1/accounts/logout", headers=elsewhere)

    assert [send(client, "GET", path, elsewhere) for path in paths] == [401, 200, 401, 200]
    assert [send(client, "GET", path) for path in paths] == [200] * 4
