"""Static files: digests, caching, paths."""

from pathlib import Path

import httpx2
import pytest

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.pages import assets

from ..support.settings import IsolatedSettings
from .browser import browser_of, links

KEPT = "public, max-age=31536000, immutable"


def test_files_of_a_page_are_kept_by_browsers(browser: httpx2.Client) -> None:
    urls = [link for link in links(browser.get("/")) if link.startswith("/static/")]
    files = [browser.get(url) for url in urls]

    assert [each.headers["Content-Type"].partition(";")[0] for each in files] == [
        "image/svg+xml",
        "text/css",
    ]
    assert {each.headers["Cache-Control"] for each in files} == {KEPT}
    assert {each.headers["X-Content-Type-Options"] for each in files} == {"nosniff"}


@pytest.mark.parametrize("query", ["", "?v=", "?v=0123456789abcdef"])
def test_file_without_its_digest_is_revalidated(browser: httpx2.Client, query: str) -> None:
    first = browser.get(f"/static/style.css{query}")
    second = browser.get(
        f"/static/style.css{query}", headers={"If-None-Match": first.headers["ETag"]}
    )

    assert first.headers["Cache-Control"] == "public, no-cache"
    assert (second.status_code, second.content) == (304, b"")


def test_range_of_a_file_is_served(browser: httpx2.Client) -> None:
    part = browser.get("/static/style.css", headers={"Range": "bytes=0-4"})

    assert (part.status_code, part.content) == (206, b":root")
    assert part.headers["Content-Range"] == f"bytes 0-4/{size_of_style()}"


@pytest.mark.parametrize(
    ("requested", "length"),
    [("bytes=-5", 5), ("bytes=5-", -5), ("bytes=0-999999", 0), ("bytes=7-7", 1)],
)
def test_range_may_be_open(browser: httpx2.Client, requested: str, length: int) -> None:
    part = browser.get("/static/style.css", headers={"Range": requested})

    expected = length if length > 0 else size_of_style() + length
    assert (part.status_code, len(part.content)) == (206, expected)


@pytest.mark.parametrize(
    "requested",
    [
        "bytes=999999-",
        "bytes=5-2",
        "bytes=-",
        "lines=1-2",
        "bytes=0-1,4-5",
        f"bytes={'9' * 5000}-",
    ],
)
def test_unusable_range_is_an_error(client: httpx2.Client, requested: str) -> None:
    response = client.get("/static/style.css", headers={"Range": requested})

    assert (response.status_code, response.json()["status"]) == (416, 416)
    assert response.headers["Content-Range"] == f"bytes */{size_of_style()}"
    assert response.headers["Cache-Control"] == "no-store"


def test_range_of_another_version_is_the_whole_file(browser: httpx2.Client) -> None:
    current = browser.get("/static/style.css").headers["ETag"]
    responses = [
        browser.get("/static/style.css", headers={"Range": requested, "If-Range": etag})
        for requested, etag in (
            ("bytes=0-4", current),
            ("bytes=0-4", '"another"'),
            ("bytes=999999-", '"another"'),
        )
    ]

    assert [each.status_code for each in responses] == [206, 200, 200]
    assert [len(each.content) for each in responses] == [5, size_of_style(), size_of_style()]


def test_static_file_has_the_methods_of_a_page(browser: httpx2.Client) -> None:
    head, options, post = (
        browser.request(method, "/static/style.css") for method in ("HEAD", "OPTIONS", "POST")
    )

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(size_of_style())
    assert (options.status_code, post.status_code) == (200, 405)
    for response in (options, post):
        assert sorted(response.headers["Allow"].split(", ")) == ["GET", "HEAD", "OPTIONS"]


def size_of_style() -> int:
    return (assets.FOLDER / "style.css").stat().st_size


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static/unknown.css",
        "/static/../__init__.py",
        "/static/%2e%2e/__init__.py",
        "/static/..%2f__init__.py",
        "/static/..%5c__init__.py",
        "/static//etc/passwd",
        "/static/%2fetc/passwd",
        "/static/style.css%00",
        "/static/" + "a" * 300,
    ],
)
def test_no_other_file_is_served(browser: httpx2.Client, path: str) -> None:
    assert browser.get(path, follow_redirects=True).status_code == 404


def test_path_of_a_file_may_have_other_spellings(client: httpx2.Client) -> None:
    # A client would send the shortest one.
    for path in ("/static/x/%2e%2e/style.css?v=1", "/static/./style.css?v=1"):
        assert client.get(path).status_code in (200, 404)


def test_edit_changes_the_digest_in_development(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    style = tmp_path / "style.css"
    for name in ("icon.svg", "style.css"):
        (tmp_path / name).write_bytes((assets.FOLDER / name).read_bytes())
    monkeypatch.setattr(assets, "FOLDER", tmp_path)
    with browser_of(create_app(IsolatedSettings())) as browser:
        before = links(browser.get("/"))
        style.write_text("body { margin: 0 }")
        after = links(browser.get("/"))

    changed = [link for link in after if link not in before]
    assert [link.partition("?")[0] for link in changed] == ["/static/style.css"]
