"""A browser without a window, to see pages as people do."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
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
# It is to ask this machine and no other.
OPTIONS = """
    --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync
""".split()


@contextmanager
def browser() -> Iterator[Browser]:
    """Start Chromium or Chrome; fail with one sentence where there is neither."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    found = found or next((str(place) for place in PLACES if place.is_file()), None)
    if not found:
        pytest.fail(
            "The documentation page is tested in Chromium or Chrome, and neither is installed: "
            '"apt install chromium", "brew install --cask google-chrome", "winget install Google.Chrome"; '
            "or leave it out: make test BROWSER=none",
            pytrace=False,
        )
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=OPTIONS)
        yield started
        started.close()
