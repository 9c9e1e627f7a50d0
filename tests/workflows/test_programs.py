"""The suite of the template on a machine without a browser, or without another program that some tests need."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import browser, programs
from tests.support.images import PROGRAMS
from tests.support.programs import REQUIREMENTS, ProgramTests, Requirement
from tests.support.rendering import TEMPLATE

PAGE = "tests/workflows/test_docs_page.py"
OTHER = "def test_without_a_browser() -> None:\n    pass\n"
# A plugin of pytest, which the processes of xdist load as well.
HIDE = "from tests.support import browser\n\nbrowser.NAMES = browser.PLACES = []\n"


def suite(folder: Path, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of the documentation page and one other test, and find no browser."""
    (folder / "hide_browsers.py").write_text(HIDE)
    (folder / "test_other.py").write_text(OTHER)
    configuration = ["--config-file", str(TEMPLATE / "pyproject.toml"), "--rootdir", str(TEMPLATE)]
    plugins = ["-p", "hide_browsers", "-p", "no:cacheprovider"]
    inherited = {name: value for name, value in os.environ.items() if name not in ("BROWSER", "PYTEST_ADDOPTS")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", PAGE, str(folder / "test_other.py"), *configuration, *plugins, *options],
        cwd=TEMPLATE,
        env=inherited | {"PYTHONPATH": os.pathsep.join([str(TEMPLATE), str(folder)])} | settings,
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize("processes", [0, 1])
def test_missing_browser_is_the_last_thing_that_is_said(processes: int, tmp_path: Path) -> None:
    done = suite(tmp_path, "--numprocesses", str(processes))

    assert done.returncode == 0, done.stdout + done.stderr
    section, reason, remedy, summary = done.stdout.splitlines()[-4:]
    counted = re.search(r" 1 passed, (\d+) skipped in ", summary)
    assert counted
    assert section.strip("=") == " not run "
    assert reason == f"{PAGE}: neither Chromium nor Chrome is installed"
    assert remedy == f"To run {counted[1]} more tests: {browser.INSTALL}, then make test"


@pytest.mark.slow
def test_required_browser_that_is_missing_is_an_error(tmp_path: Path) -> None:
    done = suite(tmp_path, BROWSER="required")

    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert done.stdout == ""
    assert done.stderr.strip() == (
        f"ERROR: BROWSER=required, and neither Chromium nor Chrome is installed: {browser.INSTALL}"
    )


@pytest.mark.slow
def test_tests_without_a_browser_can_be_asked_for(tmp_path: Path) -> None:
    done = suite(tmp_path, BROWSER="none")

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r" 1 passed, \d+ deselected in ", done.stdout.splitlines()[-1])
    assert "not run" not in done.stdout


def test_required_browser_that_is_there_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "chrome").touch()
    monkeypatch.setattr(browser, "NAMES", [])
    monkeypatch.setattr(browser, "PLACES", [tmp_path / "chromium", tmp_path / "chrome"])
    monkeypatch.setenv("BROWSER", "required")

    assert browser.found() == str(tmp_path / "chrome")
    assert not ProgramTests(REQUIREMENTS[0]).is_missing


def installed(folder: Path, *names: str) -> str:
    """Return a path with some programs on it."""
    for name in names:
        (folder / name).touch(mode=0o755)
    return str(folder)


@pytest.mark.parametrize("requirement", REQUIREMENTS[1:], ids=lambda requirement: str(requirement.variable))
def test_other_required_program_that_is_missing_is_an_error(
    requirement: Requirement, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(programs, "PLACES", installed(tmp_path, "nginx", "openssl", "curl"))
    monkeypatch.setenv(requirement.variable, "required")

    with pytest.raises(
        pytest.UsageError, match=f"{requirement.variable}=required, and .* not installed.*: .apt install"
    ):
        ProgramTests(requirement)

    others = ["sqlite3", "systemd-analyze", "pgbouncer", "redis-server", "rabbitmq-server", "java", *PROGRAMS]
    monkeypatch.setattr(programs, "PLACES", installed(tmp_path, *others))
    assert not ProgramTests(requirement).is_missing


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda requirement: str(requirement.variable))
@pytest.mark.parametrize(
    "path", [".ci/run", *(f".github/workflows/{path.name}" for path in TEMPLATE.glob(".github/workflows/*.yml"))]
)
def test_machines_of_ci_require_the_program(path: str, requirement: Requirement) -> None:
    commands = re.findall(r"\bmake test\b(?!-).*", (TEMPLATE / path).read_text(encoding="utf-8"))

    assert commands
    assert [command for command in commands if f"{requirement.variable}=required" not in command] == []


def test_clean_clone_of_ci_installs_the_programs() -> None:
    packages = re.findall(r"^needs (\S+)", (TEMPLATE / ".ci/run").read_text(encoding="utf-8"), re.MULTILINE)
    listed = [re.search(r'"apt install ([^"]+)"', requirement.install) for requirement in REQUIREMENTS]

    assert packages == [name for match in listed if match for name in match[1].split()]


@pytest.mark.parametrize("path", ["Makefile", ".github/workflows/ci.yml"])
def test_fast_set_needs_no_program(path: str) -> None:
    (expression,) = re.findall(r'-m "(not slow.*)"', (TEMPLATE / path).read_text(encoding="utf-8"))

    assert expression == " and ".join(["not slow", *(f"not {requirement.marker}" for requirement in REQUIREMENTS)])
