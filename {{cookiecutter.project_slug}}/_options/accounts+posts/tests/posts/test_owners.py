"""Permissions of owners, other accounts and anonymous clients."""

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

from ..accounts.account_requests import authorization, log_in, sign_up
from ..support.databases import make_database
from ..support.framework import App
from ..support.sessions import get_engine
from .conftest import author_client
from .posts import CONTENT, POST, POSTS, create, list_titles, post_path


def write_requests(path: str) -> list[tuple[str, str]]:
    """Return the methods and paths of the requests that change a post."""
    return [("PUT", path), ("PATCH", path), ("DELETE", path), ("POST", f"{path}/publish")]


def send(
    client: httpx2.Client, method: str, path: str, headers: dict[str, str] | None = None
) -> int:
    content = CONTENT if method in ("PUT", "PATCH") else None
    sent_headers = {"If-Match": "*", **(headers or {})}
    return client.request(method, path, json=content, headers=sent_headers).status_code


@pytest.fixture
def other_account(client: httpx2.Client) -> dict[str, str]:
    return authorization(sign_up(client))


def test_post_is_owned_by_its_creator(client: httpx2.Client) -> None:
    created = create(client).json()

    assert created["owner"] == client.get("/api/v1/accounts/me").json()["id"]
    rejected = client.post(POSTS, json=POST | {"slug": "other", "owner": "alice"})
    assert rejected.status_code == 422


def test_draft_is_not_found_by_other_accounts(
    client: httpx2.Client, other_account: dict[str, str]
) -> None:
    path = post_path(create(client))

    assert send(client, "GET", path) == 200
    assert send(client, "GET", path, other_account) == 404
    assert [send(client, *request, other_account) for request in write_requests(path)] == [404] * 4
    listed = client.get(POSTS, headers=other_account).json()["items"]
    assert listed == []
    assert len(list_titles(client)) == 1


def test_published_post_is_read_by_all_and_changed_by_its_owner(
    client: httpx2.Client, other_account: dict[str, str]
) -> None:
    path = post_path(create(client))
    client.post(f"{path}/publish")

    assert send(client, "GET", path, other_account) == 200
    assert [send(client, *request, other_account) for request in write_requests(path)] == [403] * 4
    assert len(client.get(POSTS, headers=other_account).json()["items"]) == 1
    assert send(client, "PUT", path) == 200


def test_anonymous_clients_cannot_read_drafts_or_write(client: httpx2.Client) -> None:
    path = post_path(create(client))

    with patch.dict(client.headers):
        del client.headers["Authorization"]
        assert send(client, "GET", path) == 404
        assert [send(client, *request) for request in write_requests(path)] == [401] * 4
        assert client.post(POSTS, json=POST).status_code == 401
        assert client.get(f"{POSTS}/export").status_code == 401
        assert client.get(POSTS).json()["items"] == []


def test_anonymous_clients_read_published_posts(client: httpx2.Client) -> None:
    path = post_path(create(client))
    client.post(f"{path}/publish")

    with patch.dict(client.headers):
        del client.headers["Authorization"]
        assert client.get(path).json()["slug"] == POST["slug"]
        assert [each["slug"] for each in client.get(POSTS).json()["items"]] == [POST["slug"]]


def test_document_makes_authentication_optional_for_reading(client: httpx2.Client) -> None:
    document = client.get("/openapi.json").json()

    paths = document["paths"]
    required: dict[str, list[str]] = {"OAuth2PasswordBearer": []}
    for path in (POSTS, POSTS + "/{post_id}"):
        assert paths[path]["get"]["security"] == [required, {}]
    for path in (POSTS, POSTS + "/{post_id}/publish"):
        assert paths[path]["post"]["security"] == [required]
    (scheme,) = document["components"]["securitySchemes"].values()
    assert scheme["flows"]["password"]["scopes"] == {"posts:export": "Export all posts."}


def test_anonymous_list_of_drafts_executes_no_statement(app: App, client: httpx2.Client) -> None:
    create(client)
    executed: list[object] = []

    def record(*arguments: object) -> None:
        executed.append(arguments)

    event.listen(get_engine(app), "before_cursor_execute", record)
    with patch.dict(client.headers):
        del client.headers["Authorization"]
        page = client.get(POSTS, params={"published": False}).json()
    event.remove(get_engine(app), "before_cursor_execute", record)

    assert page == {"items": [], "next": None}
    assert executed == []


def test_export_requires_its_scope(client: httpx2.Client, other_account: dict[str, str]) -> None:
    response = client.get(f"{POSTS}/export", headers=other_account)

    assert response.status_code == 403
    assert response.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope"'


def test_export_uses_one_connection(settings: Settings) -> None:
    limited = {
        "database_url": make_database(),
        "database_pool_size": 1,
        "database_pool_timeout": 0.1,
    }
    with author_client(create_app(settings.model_copy(update=limited))) as client:
        assert client.get(f"{POSTS}/export").status_code == 200


def test_revoked_token_is_rejected_by_every_endpoint(client: httpx2.Client) -> None:
    draft, published = post_path(create(client)), post_path(create(client, slug="published"))
    client.post(f"{published}/publish")
    email = client.get("/api/v1/accounts/me").json()["email"]
    revoked = authorization(log_in(client, email).json())
    paths = (draft, published, POSTS, f"{POSTS}?published=true")
    assert [send(client, "GET", path, revoked) for path in paths] == [200] * 4

    client.post("/api/v1/accounts/logout", headers=revoked)

    invalid = (f"{POSTS}/{uuid4()}", f"{POSTS}?cursor=none", f"{POSTS}?color=red")
    assert [send(client, "GET", path, revoked) for path in (*paths, *invalid)] == [401] * 7
    assert [send(client, "GET", path) for path in invalid] == [404, 422, 422]
    assert [send(client, "GET", path) for path in paths] == [200] * 4


def test_forged_cursors_reveal_no_drafts_of_other_accounts(
    client: httpx2.Client, other_account: dict[str, str]
) -> None:
    query = {"published": "false", "sort": "title", "limit": "1"}
    for title in "mnz":
        create(client, slug=title, title=title)
    cursor = client.get(POSTS, params=query).json()["next"]
    fingerprint = json.loads(urlsafe_b64decode(cursor + "=="))[0]
    email = client.get("/api/v1/accounts/me").json()["email"]
    revoked = authorization(log_in(client, email).json())
    client.post("/api/v1/accounts/logout", headers=revoked)

    def responses(headers: dict[str, str]) -> set[tuple[int, str]]:
        """Return the distinct responses to a cursor for each letter, without request ids."""
        distinct = set()
        for letter in f"{ascii_lowercase}~":
            content = json.dumps([fingerprint, letter, str(UUID(int=0))]).encode()
            parameter = {"cursor": urlsafe_b64encode(content).decode()}
            response = client.get(POSTS, params=query | parameter, headers=headers)
            document = response.json()
            document.pop("request_id", None)
            distinct.add((response.status_code, json.dumps(document)))
        return distinct

    assert len(responses({})) > 2
    (rejected,) = responses(revoked)
    assert rejected[0] == 401
    empty_page = {(200, json.dumps({"items": [], "next": None}))}
    assert responses(other_account) == empty_page
    with patch.dict(client.headers):
        del client.headers["Authorization"]
        assert responses({}) == empty_page


def test_denied_access_to_a_post_is_logged(
    client: httpx2.Client, other_account: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    path = post_path(create(client))
    caplog.clear()

    for method in ("GET", "DELETE"):
        send(client, method, path, other_account)
    with patch.dict(client.headers):
        del client.headers["Authorization"]
        send(client, "GET", path)

    events = [vars(each) for each in caplog.records if hasattr(each, "event")]
    user_id = client.get("/api/v1/accounts/me", headers=other_account).json()["id"]
    assert [each["event"] for each in events] == ["not the owner"] * 3
    assert [str(each.get("user_id")) for each in events] == [user_id, user_id, "None"]
