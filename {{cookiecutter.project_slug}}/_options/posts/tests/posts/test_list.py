"""Lists of posts: pagination, sorting, filters and cursors."""

import base64
import json
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from .posts import POSTS, create, list_titles, post_path

ZERO = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def posts(client: httpx2.Client) -> list[dict[str, Any]]:
    """Create seven posts, some with equal titles."""
    return [
        create(client, slug=f"post-{number}", title=title).json()
        for number, title in enumerate("bacbabd")
    ]


@pytest.mark.parametrize("limit", [2, 7])
@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (None, "dbabcab"),
        ("created_at", "bacbabd"),
        ("-created_at", "dbabcab"),
        ("title", "aabbbcd"),
        ("-title", "dcbbbaa"),
    ],
)
def test_pages_contain_the_complete_list(
    client: httpx2.Client, posts: object, sort: str | None, limit: int, expected: str
) -> None:
    query = {"sort": sort} if sort else {}

    assert "".join(list_titles(client, limit=limit, **query)) == expected


def test_equal_titles_are_sorted_by_id(client: httpx2.Client, posts: list[dict[str, Any]]) -> None:
    found = client.get(POSTS, params={"sort": "title"}).json()["items"]

    assert found == sorted(posts, key=lambda post: (post["title"], post["id"]))


def test_default_page_size_is_20(client: httpx2.Client) -> None:
    for number in range(21):
        create(client, slug=f"post-{number}")

    page = client.get(POSTS).json()

    assert len(page["items"]) == 20
    assert page["next"]


def test_pages_are_stable_under_inserts_and_deletes(
    client: httpx2.Client, posts: list[dict[str, Any]]
) -> None:
    first = client.get(POSTS, params={"limit": 3}).json()
    create(client, slug="newer", title="newer")
    last_seen = f"{POSTS}/{first['items'][-1]['id']}"
    client.delete(last_seen, headers={"If-Match": '"1"'})

    rest = client.get(POSTS, params={"limit": 4, "cursor": first["next"]}).json()

    assert [post["title"] for post in first["items"] + rest["items"]] == list("dbabcab")


def test_list_is_filtered(client: httpx2.Client, posts: list[dict[str, Any]]) -> None:
    client.post(f"{POSTS}/{posts[0]['id']}/publish")
    middle = posts[3]["created_at"]

    assert len(list_titles(client, owner=posts[0]["owner"])) == 7
    assert list_titles(client, owner="unknown owner") == []
    assert list_titles(client, published=True) == ["b"]
    assert len(list_titles(client, published=False, limit=2)) == 6
    assert list_titles(client, created_from=middle) == ["d", "b", "a", "b"]
    assert list_titles(client, created_before=middle) == ["c", "a", "b"]
    assert list_titles(client, owner="unknown owner", published=True) == []


def forge_cursor(*content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def test_foreign_and_forged_cursors_are_rejected(client: httpx2.Client, posts: object) -> None:
    page = client.get(POSTS, params={"limit": 1, "sort": "title"}).json()
    cursor = page["next"]
    fingerprint, _, post_id = json.loads(base64.urlsafe_b64decode(cursor + "=="))

    def status_of(value: str, **query: str) -> int:
        return client.get(POSTS, params={"sort": "title", "cursor": value} | query).status_code

    assert status_of(cursor) == 200
    assert status_of(cursor, sort="-title") == 422
    assert status_of(cursor, owner="alice") == 422
    assert status_of(forge_cursor(fingerprint, "\0", post_id)) == 422
    assert status_of(forge_cursor(fingerprint, "\ud800", post_id)) == 422
    assert status_of(forge_cursor(fingerprint, 2**70, post_id)) == 422
    assert status_of(forge_cursor(fingerprint, "a", "invalid id")) == 422
    assert status_of(forge_cursor("other fingerprint", "a", ZERO)) == 422
    for value in ("", "é", "a", "=", "?", "W10", "bnVsbA", cursor[:-4], cursor + "A", "A" * 2001):
        assert status_of(value) == 422, value


def test_cursors_with_invalid_datetimes_are_rejected(client: httpx2.Client, posts: object) -> None:
    cursor = client.get(POSTS, params={"limit": 1}).json()["next"]
    fingerprint = json.loads(base64.urlsafe_b64decode(cursor + "=="))[0]

    for value in ("0001-01-01T00:00:00+23:00", "2026-01-01T00:00:00", "99999-01-01", "1"):
        response = client.get(POSTS, params={"cursor": forge_cursor(fingerprint, value, ZERO)})
        assert response.status_code == 422, value
        assert response.json()["errors"][0]["pointer"] == "/cursor"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "101"),
        ("limit", str(2**64)),
        ("sort", "slug"),
        ("sort", "--title"),
        ("owner", "\0"),
        ("owner", "a" * 201),
        ("published", "perhaps"),
        ("created_from", "0001-01-01T00:00:00+23:59"),
        ("created_before", "9999-12-31T23:59:59-23:59"),
        ("created_before", "yesterday"),
        ("created_before", "2026-01-01T00:00:00"),
        ("color", "red"),
    ],
)
def test_invalid_query_is_rejected(client: httpx2.Client, name: str, value: str) -> None:
    response = client.get(POSTS, params={name: value})

    assert response.status_code == 422
    assert [each["pointer"] for each in response.json()["errors"]] == [f"/{name}"]


def test_invalid_id_is_not_found(client: httpx2.Client) -> None:
    assert client.get(f"{POSTS}/{uuid4()}0").status_code == 404


def test_created_posts_are_listed(client: httpx2.Client) -> None:
    created = create(client)

    assert client.get(POSTS).json() == {
        "items": [client.get(post_path(created)).json()],
        "next": None,
    }
