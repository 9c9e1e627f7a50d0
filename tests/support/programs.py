"""Programs that the suite needs and that no package brings, and what becomes of their tests without them.

They are skipped. A variable such as BROWSER=required in the environment makes that an error, BROWSER=none leaves them out.
"""

import os
import shutil
from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.support import browser, images

# Debian has some of them in a folder that only root has on its path.
PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])


class Requirement(NamedTuple):
    """A program, or several: the marker of their tests, the variable, and what to say if they are missing."""

    marker: str
    variable: str
    found: Callable[[], object]
    missing: str
    install: str


def are_there(*names: str) -> bool:
    """Return whether all of some programs are installed."""
    return all(shutil.which(name, path=PLACES) for name in names)


REQUIREMENTS = [
    Requirement("browser", "BROWSER", lambda: browser.found(), browser.MISSING, browser.INSTALL),
    Requirement(
        "nginx",
        "NGINX",
        lambda: are_there("nginx", "openssl", "curl", "sqlite3"),
        "nginx, openssl, curl or sqlite3 is not installed",
        '"apt install nginx-light openssl curl sqlite3"',
    ),
    Requirement(
        "systemd",
        "SYSTEMD",
        lambda: are_there("systemd-analyze"),
        "systemd-analyze is not installed",
        '"apt install systemd"',
    ),
    Requirement(
        "pooler",
        "POOLER",
        lambda: are_there("pgbouncer"),
        "PgBouncer is not installed",
        '"apt install pgbouncer" or "brew install pgbouncer"',
    ),
    Requirement(
        "brokers",
        "BROKERS",
        lambda: are_there("redis-server", "rabbitmq-server"),
        "redis-server or rabbitmq-server is not installed",
        '"apt install redis-server rabbitmq-server" or "brew install redis rabbitmq"',
    ),
    Requirement(
        "image",
        "IMAGE",
        lambda: are_there(*images.PROGRAMS) and os.geteuid() == 0,
        "buildah or debootstrap is not installed, or the tests do not run as root",
        '"apt install buildah debootstrap", as root',
    ),
]


class ProgramTests:
    """A pytest plugin that leaves out or skips the tests with the marker of a requirement, and shows which were skipped."""

    def __init__(self, requirement: Requirement) -> None:
        self.requirement = requirement
        self.wanted = os.environ.get(requirement.variable)
        self.is_missing = not requirement.found()
        if self.wanted == "required" and self.is_missing:
            raise pytest.UsageError(
                f"{requirement.variable}=required, and {requirement.missing}: {requirement.install}"
            )

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        concerned = [item for item in items if item.get_closest_marker(self.requirement.marker)]
        if self.wanted == "none":
            config.hook.pytest_deselected(items=concerned)
            items[:] = [item for item in items if item not in concerned]
        elif self.is_missing:
            for item in concerned:
                item.add_marker(pytest.mark.skip(reason=self.requirement.missing))

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was skipped, below all other sections."""
        reports = terminalreporter.stats.get("skipped", [])
        skipped = [report for report in reports if self.requirement.marker in report.keywords]
        if self.is_missing and skipped:
            terminalreporter.write_sep("=", "not run")
            for module in dict.fromkeys(report.nodeid.partition("::")[0] for report in skipped):
                terminalreporter.write_line(f"{module}: {self.requirement.missing}")
            terminalreporter.write_line(f"To run {len(skipped)} more tests: {self.requirement.install}, then make test")
