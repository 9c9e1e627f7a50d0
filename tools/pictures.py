"""Take the pictures of `docs/pages.md`, in light, dark and on a phone, by the journey of the tests."""

import tempfile
from pathlib import Path

from playwright.sync_api import Page, ViewportSize

from tests.support import browser as browsers
from tests.support.every_combination import write
from tests.support.journey import ANSWERS, Journey, pages_service, travel
from tests.support.pictures import DIGEST, FOLDER, PICTURES, digest, path_of
from tests.support.template import compiled

SCREEN: ViewportSize = {"width": 900, "height": 640}
PHONE: ViewportSize = {"width": 390, "height": 720}


def look(page: Page, name: str) -> None:
    """Take the pictures of a page, if it has some."""
    if name not in PICTURES:
        return
    for kind in ("light", "dark", "phone"):
        page.emulate_media(color_scheme="dark" if kind == "dark" else "light")
        page.set_viewport_size(PHONE if kind == "phone" else SCREEN)
        page.screenshot(path=path_of(name, kind))
    page.set_viewport_size(SCREEN)


def main() -> None:
    """Take all pictures, and note what they show."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, browsers.browser() as browser:
        project = write(compiled().render({"framework": "fastapi", **ANSWERS}), Path(folder) / "my-service")
        with (
            pages_service(project) as server,
            Journey(browser, server, has_script=False, look=look) as journey,
        ):
            travel(journey)
    DIGEST.write_text(f"{digest()}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
