"""Posts in pages: their order, their filters, their cursors."""

import base64
import json
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from .posts import POSTS, create, path_of, titles

ZERO = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def posts(client: httpx2.Client) -> list[dict[str, Any]]:
    """Seven posts; some have the same title."""
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
def test_pages_make_the_whole_list(
    client: httpx2.Client, posts: object, sort: str | None, limit: int, expected: str
) -> None:
    query = {"sort": sort} if sort else {}

    assert "".join(titles(client, limit=limit, **query)) == expected


def test_equal_titles_are_in_the_order_of_their_ids(
    client: httpx2.Client, posts: list[dict[str, Any]]
) -> None:
    found = client.get(POSTS, params={"sort": "title"}).json()["items"]

    assert found == sorted(posts, key=lambda post: (post["title"], post["id"]))


def test_page_holds_twenty_by_default(client: httpx2.Client) -> None:
    for number in range(21):
        create(client, slug=f"post-{number}")

    page = client.get(POSTS).json()

    assert len(page["items"]) == 20
    assert page["next"]


def test_what_comes_in_between_moves_nothing(
    client: httpx2.Client, posts: list[dict[str, Any]]
) -> None:
    first = client.get(POSTS, params={"limit": 3}).json()
    create(client, slug="newer", title="newer")
    last_seen = f"{POSTS}/{first['items'][-1]['id']}"
    client.delete(last_seen, headers={"If-Match": '"1"'})

    rest = client.get(POSTS, params={"limit": 4, "cursor": first["next"]}).json()

    assert [post["title"] for post in first["items"] + rest["items"]] == list("dbabcab")


def test_filters(client: httpx2.Client, posts: list[dict[str, Any]]) -> None:
    client.post(f"{POSTS}/{posts[0]['id']}/publish")
    middle = posts[3]["created_at"]

    assert len(titles(client, owner=posts[0]["owner"])) == 7
    assert titles(client, owner="somebody else") == []
    assert titles(client, published=True) == ["b"]
    assert len(titles(client, published=False, limit=2)) == 6
    assert titles(client, created_from=middle) == ["d", "b", "a", "b"]
    assert titles(client, created_before=middle) == ["c", "a", "b"]
    assert titles(client, owner="somebody else", published=True) == []


def forged(*content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def test_foreign_and_forged_cursors_are_refused(client: httpx2.Client, posts: object) -> None:
    page = client.get(POSTS, params={"limit": 1, "sort": "title"}).json()
    made = page["next"]
    fingerprint, _, post_id = json.loads(base64.urlsafe_b64decode(made + "=="))

    def send(cursor: str, **query: str) -> int:
        return client.get(POSTS, params={"sort": "title", "cursor": cursor} | query).status_code

    assert send(made) == 200
    assert send(made, sort="-title") == 422
    assert send(made, owner="alice") == 422
    assert send(forged(fingerprint, "\0", post_id)) == 422
    assert send(forged(fingerprint, "\ud800", post_id)) == 422
    assert send(forged(fingerprint, 2**70, post_id)) == 422
    assert send(forged(fingerprint, "a", "no id")) == 422
    assert send(forged("of another query", "a", ZERO)) == 422
    for cursor in ("", "é", "a", "=", "?", "W10", "bnVsbA", made[:-4], made + "A", "A" * 2001):
        assert send(cursor) == 422, cursor


def test_cursors_with_moments_out_of_range_are_refused(
    client: httpx2.Client, posts: object
) -> None:
    made = client.get(POSTS, params={"limit": 1}).json()["next"]
    fingerprint = json.loads(base64.urlsafe_b64decode(made + "=="))[0]

    for moment in ("0001-01-01T00:00:00+23:00", "2026-01-01T00:00:00", "99999-01-01", "1"):
        response = client.get(POSTS, params={"cursor": forged(fingerprint, moment, ZERO)})
        assert response.status_code == 422, moment
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
def test_query_that_does_not_fit_is_refused(client: httpx2.Client, name: str, value: str) -> None:
    response = client.get(POSTS, params={name: value})

    assert response.status_code == 422
    assert [each["pointer"] for each in response.json()["errors"]] == [f"/{name}"]


def test_id_that_is_none_is_not_found(client: httpx2.Client) -> None:
    assert client.get(f"{POSTS}/{uuid4()}0").status_code == 404


def test_created_posts_are_listed(client: httpx2.Client) -> None:
    created = create(client)

    assert client.get(POSTS).json() == {
        "items": [client.get(path_of(created)).json()],
        "next": None,
    }
