"""Results by content: what passed is not run again until something that it depends on has changed.

A result depends on the rendered files, on the interpreter and the installed distributions, and on the source of the
check. FRESH=1 in the environment runs everything.
"""

import functools
import hashlib
import json
import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.support.environments import CACHE, declared, installed, place_of, wider
from tests.support.interpreters import interpreters
from tests.support.rendering import TEMPLATE
from tests.support.template import compiled
from tests.support.variants import Variant

STORE = CACHE.with_name("results")
# Besides the module of a test: what all checks are made of.
SOURCES = ("tests/conftest.py", "tests/support/**/*.py", "pyproject.toml", "schemathesis.toml")


class Results:
    """A pytest plugin that leaves out the tests of variants whose results are known."""

    def __init__(self) -> None:
        # The variant and the check of each test that is left out.
        self.known: list[tuple[str, str]] = []
        self.failed: set[str] = set()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        if os.environ.get("FRESH"):
            return
        known = {item: None for item in items if (key := key_of(item)) and (STORE / key).exists()}
        config.hook.pytest_deselected(items=[*known])
        items[:] = [item for item in items if item not in known]
        self.known = [(variants_of(item)[0].name(), str(check_of(item))) for item in known]
        if hasattr(config, "workeroutput"):
            config.workeroutput["known"] = self.known

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Learn from a worker what all of them have left out: the process that prints has collected nothing."""
        self.known = getattr(node, "workeroutput", {}).get("known", self.known)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Succeed where nothing had to run, because all is known."""
        if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and self.known:
            session.exitstatus = pytest.ExitCode.OK

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if check := check_of(item):
            for variant in variants_of(item)[:1]:
                report.user_properties += [("variant", variant.name()), ("check", check)]
        if not report.passed:
            self.failed.add(item.nodeid)
        if report.failed and isinstance(item, pytest.Function) and "project" in item.funcargs:
            report.user_properties.append(("project", str(item.funcargs["project"])))
        # Only now is the environment there for sure.
        if report.when == "teardown" and item.nodeid not in self.failed and (key := key_of(item)):
            STORE.mkdir(parents=True, exist_ok=True)
            (STORE / key).touch()
        return report


def key_of(item: pytest.Item) -> str | None:
    """Return what the result of a test depends on, as a name; None for a test that is no check of a variant."""
    variants = variants_of(item)
    if not (check_of(item) and variants and isinstance(item, pytest.Function)):
        return None
    concerned = [variants[0], variants[0].twin()] if item.get_closest_marker("twin") else variants[:1]
    others = {name: str(value) for name, value in item.callspec.params.items() if not isinstance(value, Variant)}
    parts = [item.originalname, others, source_of(item.path), [content_of(variant) for variant in concerned]]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def check_of(item: pytest.Item) -> str | None:
    """Return the column of the final table that a test belongs to, if any."""
    marker = item.get_closest_marker("check")
    return marker.args[0] if marker else None


def variants_of(item: pytest.Item) -> list[Variant]:
    parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return [value for value in parameters.values() if isinstance(value, Variant)]


def content_of(variant: Variant) -> list[object]:
    """Return what a check of a variant runs: a digest of its files, the interpreter, and what is installed."""
    files, requirements = digest_of(variant)
    folder = place_of(wider(requirements), variant.python)
    # The environment may be made in the course of a run, and does not change thereafter.
    distributions = installed_once(folder) if (folder / "ready").exists() else []
    return [files, variant.python, str(interpreters()[variant.python]), sys.platform, distributions]


@functools.cache
def digest_of(variant: Variant) -> tuple[str, frozenset[str]]:
    """Return a digest of the files of a variant, and its requirements."""
    files = compiled().render(variant.answers)
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest(), declared(files["pyproject.toml"])


installed_once = functools.cache(installed)


@functools.cache
def source_of(module: Path) -> str:
    """Return a digest of a module of tests, of what it is built on and of the tools that it uses."""
    paths = [module, *(path for pattern in SOURCES for path in sorted(TEMPLATE.glob(pattern)))]
    digest = hashlib.sha256(repr(installed(Path(sys.prefix))).encode())
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()
