"""The pages of posts."""

import re
from collections.abc import Iterator

import httpx2
import pytest

from ..support.framework import App
from ..support.sessions import rolled_back
from .authors import TYPED_OWNER, become_author
from .browser import browser_of, links

TYPED = {"slug": "bread", "title": "On bread", "body": "Flour,\r\nwater."} | TYPED_OWNER


@pytest.fixture
def author(app: App) -> Iterator[httpx2.Client]:
    """Yield the browser of an author, in a transaction that is rolled back after the test."""
    with browser_of(app) as browser, rolled_back(app, browser):
        become_author(browser)
        yield browser


def write_post(author: httpx2.Client, **changes: str) -> str:
    """Create a post by its form; return the path of its page."""
    response = author.post("/posts/new", data=TYPED | changes)
    assert response.status_code == 303, response.text
    return response.headers["Location"]


def version_on(page: httpx2.Response) -> str:
    """Return the version that a form sends."""
    found = re.search(r'name="version" value="(\d+)"', page.text)
    assert found
    return found[1]


def test_post_is_created_and_shown_with_a_message(author: httpx2.Client) -> None:
    path = write_post(author)
    page, again = author.get(path), author.get(path)

    assert path.startswith("/posts/")
    assert '<p class="message" role="status">The post was saved as a draft.</p>' in page.text
    assert "<h1>On bread</h1>" in page.text
    assert '<p class="text">Flour,\nwater.</p>' in page.text
    assert "The post was saved" not in again.text


def test_message_is_in_a_signed_cookie_of_this_host(author: httpx2.Client) -> None:
    response = author.post("/posts/new", data=TYPED)

    cookie = response.headers["Set-Cookie"]
    name, _, rest = cookie.partition("=")
    attributes = {each.strip().lower() for each in rest.split(";")[1:]}
    assert name == "__Host-session"
    assert {"httponly", "path=/", "samesite=lax", "secure"} == attributes


def test_forged_cookie_is_ignored(author: httpx2.Client) -> None:
    response = author.post("/posts/new", data=TYPED)
    name, _, rest = response.headers["Set-Cookie"].partition("=")
    value = rest.partition(";")[0]
    author.cookies.clear()

    page = author.get("/", headers={"Cookie": f"{name}={value[:-2]}xx"})

    assert page.status_code == 200
    assert 'role="status"' not in page.text


def test_list_has_pages(author: httpx2.Client) -> None:
    assert "There are no posts." in author.get("/posts").text
    for number in range(21):
        write_post(author, slug=f"bread-{number}", title=f"Bread {number:02}")

    first = author.get("/posts")
    (older,) = [link for link in links(first) if "cursor=" in link]
    second = author.get(older)

    titles = [re.findall(r">(Bread \d\d)<", page.text) for page in (first, second)]
    assert titles == [[f"Bread {number:02}" for number in range(20, 0, -1)], ["Bread 00"]]
    assert "/posts" in links(second)
    assert not [link for link in links(second) if "cursor=" in link]


def test_list_keeps_its_query_and_ignores_unknown_parameters(author: httpx2.Client) -> None:
    for title in ("Rye", "Oats", "Barley"):
        write_post(author, slug=title.lower(), title=title)

    first = author.get("/posts?limit=2&sort=title&published=false&fbclid=x")
    (next_page,) = [link for link in links(first) if "cursor=" in link]
    second = author.get(next_page)

    titles = [re.findall(r">(Rye|Oats|Barley)<", page.text) for page in (first, second)]
    assert titles == [["Barley", "Oats"], ["Rye"]]


@pytest.mark.parametrize("query", ["cursor=x", "limit=0", f"cursor={'x' * 3000}"])
def test_invalid_query_is_an_error_page(author: httpx2.Client, query: str) -> None:
    page = author.get(f"/posts?{query}")

    assert page.status_code == 422
    assert "<h1>Unprocessable Content</h1>" in page.text


def test_invalid_form_keeps_what_was_typed(author: httpx2.Client) -> None:
    page = author.post("/posts/new", data=TYPED | {"slug": "On Bread!", "title": "<b>"})

    assert page.status_code == 422
    assert "<title>Error: Write a post" in page.text
    assert 'role="alert"' in page.text
    assert "#slug" in links(page)
    assert re.search(r'value="On Bread!"[^>]* aria-invalid="true"', page.text)
    assert 'aria-describedby="slug-hint slug-error"' in page.text
    assert 'value="&lt;b&gt;"' in page.text
    assert "Flour,\nwater.</textarea>" in page.text
    assert page.text.count("aria-invalid") == 1


def test_empty_form_names_the_required_fields(author: httpx2.Client) -> None:
    form, page = author.get("/posts/new"), author.post("/posts/new")

    required = re.findall(r'name="(\w+)"[^>]* required="required"', form.text)
    assert required == ["slug", "title", *TYPED_OWNER]
    assert 'maxlength="100"' in form.text
    assert page.text.count("Fill in this field.</span>") == len(required)


def test_too_long_text_is_rejected(author: httpx2.Client) -> None:
    page = author.post("/posts/new", data=TYPED | {"title": "x" * 201})

    assert "Use at most 200 characters." in page.text


def test_taken_slug_is_an_error_at_its_field(author: httpx2.Client) -> None:
    write_post(author)

    page = author.post("/posts/new", data=TYPED | {"title": "Other"})

    assert page.status_code == 409
    assert 'id="slug-error">The slug is taken.</span>' in page.text
    assert 'value="Other"' in page.text
    assert author.get("/posts").text.count("<li>") == 1


def test_post_is_edited(author: httpx2.Client) -> None:
    path = write_post(author)
    form = author.get(f"{path}/edit")
    assert "Flour,\nwater.</textarea>" in form.text

    changed = {"slug": "bread", "title": "On rye", "body": "Rye.", "version": version_on(form)}
    response = author.post(f"{path}/edit", data=changed)

    assert (response.status_code, response.headers["Location"]) == (303, path)
    assert "<h1>On rye</h1>" in author.get(path).text


def test_edit_of_a_changed_post_is_a_conflict(author: httpx2.Client) -> None:
    path = write_post(author)
    version = version_on(author.get(f"{path}/edit"))
    content = {"slug": "bread", "title": "First", "body": "", "version": version}
    assert author.post(f"{path}/edit", data=content).status_code == 303

    conflict = author.post(f"{path}/edit", data=content | {"title": "Second"})

    assert conflict.status_code == 409
    assert "The post was changed after you opened it" in conflict.text
    assert 'value="Second"' in conflict.text
    assert "<h1>First</h1>" in author.get(path).text

    replaced = content | {"title": "Second", "version": version_on(conflict)}
    assert author.post(f"{path}/edit", data=replaced).status_code == 303
    assert "<h1>Second</h1>" in author.get(path).text


def test_invalid_edit_shows_the_form_again(author: httpx2.Client) -> None:
    path = write_post(author)
    write_post(author, slug="butter")
    version = version_on(author.get(f"{path}/edit"))
    content = {"slug": "bread", "title": "", "body": "", "version": version}

    empty = author.post(f"{path}/edit", data=content)
    taken = author.post(f"{path}/edit", data=content | {"slug": "butter", "title": "x"})

    assert (empty.status_code, taken.status_code) == (422, 409)
    assert "Fill in this field." in empty.text
    assert "The slug is taken." in taken.text
    assert version_on(empty) == version_on(taken) == version


def test_post_is_published(author: httpx2.Client) -> None:
    path = write_post(author)
    assert f"{path}/publish" in links(author.get(path), "action")
    assert '<span class="tag">Draft</span>' in author.get("/posts").text

    response = author.post(f"{path}/publish")

    assert (response.status_code, response.headers["Location"]) == (303, path)
    page = author.get(path)
    assert "The post is published." in page.text
    assert f"{path}/publish" not in links(page, "action")
    assert '<span class="tag">Draft</span>' not in author.get("/posts").text


def test_post_is_deleted(author: httpx2.Client) -> None:
    path = write_post(author)
    version = version_on(author.get(path))

    outdated = author.post(f"{path}/delete", data={"version": "0"})
    kept = author.get(outdated.headers["Location"])
    deleted = author.post(f"{path}/delete", data={"version": version})

    assert "The post was changed meanwhile, and is not deleted." in kept.text
    assert (deleted.status_code, deleted.headers["Location"]) == (303, "/posts")
    assert "The post was deleted." in author.get("/posts").text
    assert author.get(path).status_code == 404


@pytest.mark.parametrize("path", ["", "/edit"])
def test_unknown_post_is_an_error_page(author: httpx2.Client, path: str) -> None:
    page = author.get(f"/posts/018f0000-0000-7000-8000-000000000000{path}")

    assert page.status_code == 404
    assert "There is no such post." in page.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": ""},
    ],
)
def test_form_of_another_site_is_rejected(author: httpx2.Client, headers: dict[str, str]) -> None:
    path = write_post(author)
    for target in ("/posts/new", f"{path}/edit", f"{path}/publish", f"{path}/delete"):
        page = author.post(target, data=TYPED | {"slug": "other", "version": "1"}, headers=headers)

        assert page.status_code == 403
        assert "The form was not sent by a page of this site" in page.text
    assert author.get("/posts").text.count("<li>") == 1
    assert '<span class="tag">Draft</span>' in author.get(path).text


def test_form_with_the_own_origin_is_accepted(author: httpx2.Client) -> None:
    headers = {"Sec-Fetch-Site": "", "Origin": "https://localhost"}

    assert author.post("/posts/new", data=TYPED, headers=headers).status_code == 303


def test_uploaded_file_is_no_text(author: httpx2.Client) -> None:
    typed = {name: value for name, value in TYPED.items() if name != "slug"}
    page = author.post("/posts/new", data=typed, files={"slug": ("x", b"bread")})

    assert page.status_code == 422
    assert 'id="slug-error">Fill in this field.</span>' in page.text


@pytest.mark.parametrize("files", [None, {"file": ("x", b"")}], ids=["urlencoded", "multipart"])
def test_first_value_of_a_repeated_field_counts(
    author: httpx2.Client, files: dict[str, tuple[str, bytes]] | None
) -> None:
    page = author.post("/posts/new", data={"slug": ["First!", "Last!"]}, files=files)

    assert page.status_code == 422
    assert 'value="First!"' in page.text
    assert "Last!" not in page.text
