"""A browser without a window, to see pages as people do, and what becomes of its tests without one.

They are skipped. BROWSER=required in the environment makes that an error, BROWSER=none leaves them out.
"""

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


class BrowserTests:
    """A pytest plugin that leaves out or skips the tests with the marker `browser`, and shows which were skipped."""

    def __init__(self) -> None:
        self.wanted = os.environ.get("BROWSER")
        self.is_missing = found() is None
        if self.wanted == "required" and self.is_missing:
            raise pytest.UsageError(f"BROWSER=required, and {MISSING}: {INSTALL}")

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        concerned = [item for item in items if item.get_closest_marker("browser")]
        if self.wanted == "none":
            config.hook.pytest_deselected(items=concerned)
            items[:] = [item for item in items if item not in concerned]
        elif self.is_missing:
            for item in concerned:
                item.add_marker(pytest.mark.skip(reason=MISSING))

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was skipped, below all other sections."""
        skipped = [report for report in terminalreporter.stats.get("skipped", []) if "browser" in report.keywords]
        if self.is_missing and skipped:
            terminalreporter.write_sep("=", "not run")
            for module in dict.fromkeys(report.nodeid.partition("::")[0] for report in skipped):
                terminalreporter.write_line(f"{module}: {MISSING}")
            terminalreporter.write_line(f"To run {len(skipped)} more tests: {INSTALL}, then make test")
