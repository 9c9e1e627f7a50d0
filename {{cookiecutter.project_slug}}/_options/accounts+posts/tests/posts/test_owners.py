"""Who may see a post, and who may change it."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from string import ascii_lowercase
from unittest.mock import patch
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import event

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.config import Settings

from ..accounts.people import authorization, log_in, sign_up
from ..support.databases import make_database
from ..support.framework import App
from ..support.sessions import engine_of
from .conftest import author_for
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


def test_export_takes_one_connection(settings: Settings) -> None:
    own = {
        "database_url": make_database(),
        "database_pool_size": 1,
        "database_pool_timeout": 0.1,
    }
    with author_for(create_app(settings.model_copy(update=own))) as client:
        assert client.get(f"{POSTS}/export").status_code == 200


def test_token_that_has_ended_is_refused_whatever_it_asks_for(client: httpx2.Client) -> None:
    draft, published = path_of(create(client)), path_of(create(client, slug="published"))
    client.post(f"{published}/publish")
    email = client.get("/api/v1/accounts/me").json()["email"]
    elsewhere = authorization(log_in(client, email).json())
    paths = (draft, published, POSTS, f"{POSTS}?published=true")
    assert [send(client, "GET", path, elsewhere) for path in paths] == [200] * 4

    client.post("/api/v1/accounts/logout", headers=elsewhere)

    wrong = (f"{POSTS}/{uuid4()}", f"{POSTS}?cursor=none", f"{POSTS}?color=red")
    assert [send(client, "GET", path, elsewhere) for path in (*paths, *wrong)] == [401] * 7
    assert [send(client, "GET", path) for path in wrong] == [404, 422, 422]
    assert [send(client, "GET", path) for path in paths] == [200] * 4


def test_made_up_cursors_tell_nothing_of_the_drafts_of_others(
    client: httpx2.Client, stranger: dict[str, str]
) -> None:
    query = {"published": "false", "sort": "title", "limit": "1"}
    for title in "mnz":
        create(client, slug=title, title=title)
    made = client.get(POSTS, params=query).json()["next"]
    fingerprint = json.loads(urlsafe_b64decode(made + "=="))[0]
    email = client.get("/api/v1/accounts/me").json()["email"]
    ended = authorization(log_in(client, email).json())
    client.post("/api/v1/accounts/logout", headers=ended)

    def answers(headers: dict[str, str]) -> set[tuple[int, str]]:
        """Return the different answers to a cursor for each letter, without the id of each request."""
        found = set()
        for letter in f"{ascii_lowercase}~":
            content = json.dumps([fingerprint, letter, str(UUID(int=0))]).encode()
            cursor = {"cursor": urlsafe_b64encode(content).decode()}
            response = client.get(POSTS, params=query | cursor, headers=headers)
            document = response.json()
            document.pop("request_id", None)
            found.add((response.status_code, json.dumps(document)))
        return found

    assert len(answers({})) > 2
    (refused,) = answers(ended)
    assert refused[0] == 401
    nothing = {(200, json.dumps({"items": [], "next": None}))}
    assert answers(stranger) == nothing
    with patch.dict(client.headers):
        del client.headers["Authorization"]
        assert answers({}) == nothing


def test_refused_access_to_a_post_is_in_the_log(
    client: httpx2.Client, stranger: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    path = path_of(create(client))
    caplog.clear()

    for method in ("GET", "DELETE"):
        send(client, method, path, stranger)
    with patch.dict(client.headers):
        del client.headers["Authorization"]
        send(client, "GET", path)

    events = [vars(each) for each in caplog.records if hasattr(each, "event")]
    user_id = client.get("/api/v1/accounts/me", headers=stranger).json()["id"]
    assert [each["event"] for each in events] == ["not the owner"] * 3
    assert [str(each.get("user_id")) for each in events] == [user_id, user_id, "None"]
