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
    ],
)
def test_no_other_file_is_served(browser: httpx2.Client, path: str) -> None:
    assert browser.get(path, follow_redirects=True).status_code == 404


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
