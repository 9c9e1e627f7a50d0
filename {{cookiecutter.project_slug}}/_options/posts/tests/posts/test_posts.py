"""Single posts: create, read, replace, update, delete, publish."""

from datetime import UTC, datetime, timedelta
from json import dumps
from uuid import UUID, uuid4

import httpx2
import pytest

from {{ cookiecutter.package_name }}.posts import schemas

from .ownership import AUTHENTICATION_ERRORS, OWNERSHIP_ERRORS
from .posts import CONTENT, POST, POSTS, create, post_path

JSON = {"Content-Type": "application/json"}


def test_created_post_is_at_its_location(client: httpx2.Client) -> None:
    created = create(client)

    location = created.headers["Location"]
    read = client.get(location)
    assert location == post_path(created)
    assert created.headers["ETag"] == read.headers["ETag"] == '"1"'
    assert read.json() == created.json()
    assert {name: read.json()[name] for name in POST} == POST
    assert read.json()["published_at"] is None
    assert read.json()["updated_at"] == read.json()["created_at"]


def test_ids_are_time_ordered_and_datetimes_are_utc(client: httpx2.Client) -> None:
    posts = [create(client, slug=f"bread-{number}").json() for number in range(3)]

    assert [UUID(post["id"]).version for post in posts] == [7, 7, 7]
    assert [post["id"] for post in posts] == sorted(post["id"] for post in posts)
    created_at = datetime.fromisoformat(posts[0]["created_at"])
    assert created_at.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - created_at) < timedelta(minutes=1)


def test_slugs_are_unique(client: httpx2.Client) -> None:
    create(client)
    other = create(client, slug="other")

    responses = [
        client.post(POSTS, json=POST),
        client.patch(post_path(other), json={"slug": "bread"}, headers={"If-Match": '"1"'}),
    ]

    assert [each.status_code for each in responses] == [409, 409]
    assert {each.json()["detail"] for each in responses} == {"The slug is taken."}
    assert client.get(post_path(other)).json()["slug"] == "other"


def test_content_has_the_defaults_of_omitted_fields() -> None:
    class ContentWithDefault(schemas.PostContent):
        body: str = "No text."

    content = ContentWithDefault(slug="cake", title="On cake")

    assert schemas.values_of(content) == {"slug": "cake", "title": "On cake", "body": "No text."}
    assert schemas.values_of(schemas.PostChanges(title="On cake")) == {"title": "On cake"}


def test_put_replaces_a_post(client: httpx2.Client) -> None:
    created = create(client)
    content = {"slug": "cake", "title": "On cake", "body": ""}

    response = client.put(post_path(created), json=content, headers={"If-Match": '"1"'})

    assert response.status_code == 200
    assert response.headers["ETag"] == '"2"'
    assert response.json().items() >= {**content, "owner": created.json()["owner"]}.items()
    assert response.json()["updated_at"] > created.json()["updated_at"]
    assert client.get(post_path(created)).json() == response.json()


def test_patch_changes_only_given_fields(client: httpx2.Client) -> None:
    created = create(client)

    response = client.patch(
        post_path(created), json={"title": "On rye"}, headers={"If-Match": '"1"'}
    )

    assert response.status_code == 200
    assert response.headers["ETag"] == '"2"'
    assert response.json().items() >= {**POST, "title": "On rye"}.items()


def test_deleted_post_is_not_found(client: httpx2.Client) -> None:
    created = create(client)

    response = client.delete(post_path(created), headers={"If-Match": '"1"'})

    assert response.status_code == 204
    assert "Content-Type" not in response.headers
    assert client.get(post_path(created)).status_code == 404


def test_publishing_is_idempotent(client: httpx2.Client) -> None:
    created = create(client)

    first, second = (client.post(f"{post_path(created)}/publish") for _ in range(2))

    assert [first.status_code, second.status_code] == [200, 200]
    assert first.json()["published_at"] is not None
    assert second.json() == first.json()
    assert second.headers["ETag"] == first.headers["ETag"] == '"2"'


@pytest.mark.parametrize(
    ("method", "suffix"),
    [("GET", ""), ("PUT", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/publish")],
)
def test_unknown_post_is_not_found(client: httpx2.Client, method: str, suffix: str) -> None:
    content = CONTENT if method in ("PUT", "PATCH") else None
    headers = {"If-Match": "*"}

    response = client.request(method, f"{POSTS}/{uuid4()}{suffix}", json=content, headers=headers)

    assert response.status_code == 404
    assert response.json()["detail"] == "There is no such post."


@pytest.mark.parametrize(
    "etag", ['"7", "1"', "*", 'W/"1"', '"1-gzip"', '"1--gzip"', 'W/"1-br"', '"1;gzip"', '"1:gzip"']
)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_changes_require_the_current_etag(client: httpx2.Client, method: str, etag: str) -> None:
    path = post_path(create(client))
    content = None if method == "DELETE" else CONTENT

    def send(**headers: str) -> int:
        return client.request(method, path, json=content, headers=headers).status_code

    assert send() == send(**{"If-Match": ""}) == 428
    for other in ('"2"', 'W/"2"', '"2-gzip"', '"1-2"', "1", '"99999999999999999999999"'):
        assert send(**{"If-Match": other}) == 412
    assert client.get(path).headers["ETag"] == '"1"'
    assert send(**{"If-Match": etag}) in (200, 204)


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ('"1"', 304),
        ('W/"1"', 304),
        ('"1-gzip"', 304),
        ('"0", "1"', 304),
        ("*", 304),
        ('"2"', 200),
        ("1", 200),
        ("", 200),
    ],
)
def test_unmodified_post_is_not_sent(client: httpx2.Client, header: str, status: int) -> None:
    path = post_path(create(client))

    response = client.get(path, headers={"If-None-Match": header})

    assert response.status_code == status
    assert response.headers["ETag"] == '"1"'
    assert bool(response.content) == (status == 200)


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        ({"slug": "No Slug"}, "/slug"),
        ({"slug": "a" * 101}, "/slug"),
        ({"title": ""}, "/title"),
        ({"title": "a" * 201}, "/title"),
        ({"title": "a\nb"}, "/title"),
        ({"title": "\ud800"}, "/title"),
        ({"title": None}, "/title"),
        ({"body": "a\0b"}, "/body"),
        ({"body": "a" * 20_001}, "/body"),
        ({"version": 7}, "/version"),
    ],
)
def test_invalid_content_is_rejected(
    client: httpx2.Client, content: dict[str, object], pointer: str
) -> None:
    path = post_path(create(client))

    responses = [
        client.post(POSTS, content=dumps(POST | {"slug": "other"} | content), headers=JSON),
        client.put(path, content=dumps(CONTENT | content), headers={"If-Match": '"1"', **JSON}),
        client.patch(path, content=dumps(content), headers={"If-Match": '"1"', **JSON}),
    ]

    for response in responses:
        assert response.status_code == 422
        assert [each["pointer"] for each in response.json()["errors"]] == [pointer]
    assert len(client.get(POSTS).json()["items"]) == 1
    assert client.get(path).headers["ETag"] == '"1"'


def test_document_describes_the_errors_of_each_operation(client: httpx2.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]

    def errors(method: str, suffix: str = "") -> set[str]:
        responses = paths[f"{POSTS}{suffix}"][method]["responses"]
        return {status for status in responses if status >= "300"} - {"default"}

    body = {"400", "413", "415", "422"}
    changes = {"404", "412", "428", *AUTHENTICATION_ERRORS, *OWNERSHIP_ERRORS}
    assert errors("get") == {"422", *AUTHENTICATION_ERRORS}
    assert errors("post") == {"409", *body, *AUTHENTICATION_ERRORS}
    assert errors("get", "/export") == {*AUTHENTICATION_ERRORS, *OWNERSHIP_ERRORS}
    assert errors("get", "/{post_id}") == {"304", "404", *AUTHENTICATION_ERRORS}
    assert errors("put", "/{post_id}") == changes | body | {"409"}
    assert errors("patch", "/{post_id}") == changes | body | {"409"}
    assert errors("delete", "/{post_id}") == changes
    assert errors("post", "/{post_id}/publish") == changes - {"412", "428"}


def test_document_requires_if_match(client: httpx2.Client) -> None:
    operations = client.get("/openapi.json").json()["paths"][POSTS + "/{post_id}"]

    for method in ("put", "patch", "delete"):
        (header,) = [each for each in operations[method]["parameters"] if each["in"] == "header"]
        assert (header["name"], header["required"]) == ("If-Match", True)
        assert header["schema"]["type"] == "string"
    (header,) = [each for each in operations["get"]["parameters"] if each["in"] == "header"]
    assert (header["name"], header["required"]) == ("If-None-Match", False)
    assert header["schema"]["type"] == "string"


def test_owner_cannot_be_changed(client: httpx2.Client) -> None:
    path = post_path(create(client))

    response = client.patch(path, json={"owner": "bob"}, headers={"If-Match": '"1"'})

    assert response.status_code == 422


def test_too_large_content_is_rejected(client: httpx2.Client) -> None:
    assert client.post(POSTS, json=POST | {"title": "a" * 10_000_000}).status_code == 413
