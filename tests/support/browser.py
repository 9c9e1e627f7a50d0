"""A browser without a window, to see pages as people do."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
PLACES = [
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
    *(
        Path(os.environ[variable], "Google", "Chrome", "Application", "chrome.exe")
        for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        if variable in os.environ
    ),
]
MISSING = "neither Chromium nor Chrome is installed"
INSTALL = '"apt install chromium", "brew install --cask google-chrome" or "winget install Google.Chrome"'
# It is to ask this machine and no other.
OPTIONS = """
    --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync
""".split()


def found() -> str | None:
    """Return where Chromium or Chrome is, if there is one."""
    on_the_path = next(filter(None, map(shutil.which, NAMES)), None)
    return on_the_path or next((str(place) for place in PLACES if place.is_file()), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """Start Chromium or Chrome."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found(), args=OPTIONS)
        yield started
        started.close()
