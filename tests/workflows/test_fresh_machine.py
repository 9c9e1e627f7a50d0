"""The commands of a generated project on a machine that has git, make and Python, and nothing else."""

import os
import pty
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.interpreters import interpreters
from tests.support.rendering import BIN, FRAMEWORKS, Workplace
from tests.support.vulnerabilities import vulnerabilities

pytestmark = pytest.mark.slow

OLDEST = next(iter(interpreters().values()))
TOOLS = ("bash", "cat", "expand", "git", "ls", "make", "rm", "sed", "sh", "touch")


@pytest.fixture(params=FRAMEWORKS)
def project(request: pytest.FixtureRequest, workplace: Workplace) -> Path:
    return workplace.render(framework=str(request.param))


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder of commands: the usual tools and python3, but no uv."""
    commands = tmp_path / "bin"
    commands.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, f"{tool} is needed to test"
        (commands / tool).symlink_to(found)
    script(commands / "python3", f'exec "{OLDEST}" "$@"')
    return commands


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def run(project: Path, machine: Path, command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell with little in the environment but the path and the home, where caches are."""
    return subprocess.run(
        command,
        shell=True,
        cwd=project,
        env={"PATH": str(machine), "HOME": str(Path.home()), **settings},
        capture_output=True,
        text=True,
    )


def test_make_needs_python_and_make_only(project: Path, machine: Path) -> None:
    for command, said in [
        ("make test", "Required test coverage of 100.0% reached"),
        ("make lint", "Success: no issues found"),
        ("make check", "valid for development"),
    ]:
        done = run(project, machine, command)
        assert done.returncode == 0, done.stdout + done.stderr
        assert said in done.stdout

    assert (project / ".venv" / "bin" / "uv").exists()
    run(project, machine, "git init --quiet && git add --all")
    committed = run(project, machine, "git ls-files").stdout.split()
    assert "uv.lock" in committed
    assert {name.partition("/")[0] for name in committed if name.startswith(".") and "/" in name} == {
        ".devcontainer",
        ".github",
    }


def test_uv_is_used_where_there_is_one(project: Path, machine: Path) -> None:
    script(machine / "uv", f'echo "uv $*" >> {machine}/log\nexec "{BIN / "uv"}" "$@"')

    assert run(project, machine, "make check").returncode == 0

    assert (machine / "log").read_text() == "uv sync --inexact --quiet\n"
    assert not (project / ".venv" / "bin" / "uv").exists()


def test_installation_shows_its_progress_on_a_terminal(project: Path, machine: Path) -> None:
    script(machine / "uv", f'echo "uv $*" >> {machine}/log\nexec "{BIN / "uv"}" "$@"')
    ours, terminal = pty.openpty()
    settings = {"PATH": str(machine), "HOME": str(Path.home())}

    made = subprocess.Popen(["make", "check"], cwd=project, env=settings, stdout=subprocess.PIPE, stderr=terminal)
    os.close(terminal)
    shown = b""
    # Reading from a terminal that no process has open any more is an error on Linux.
    with suppress(OSError):
        while part := os.read(ours, 65536):
            shown += part
    os.close(ours)

    assert made.communicate()[0].decode() == "Settings are valid for development.\n"
    assert shown.startswith(b"Installing into .venv\r\n")
    assert b"Installed" in shown
    assert (machine / "log").read_text() == "uv sync --inexact\n"


def test_commands_without_make_do_the_same(project: Path, machine: Path) -> None:
    (machine / "uv").symlink_to(BIN / "uv")
    readme = (project / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (?:`make (\w+)[^`]*`)? ?\| `(uv [^`]+)` \|", readme, re.MULTILINE)
    recipes = (project / "Makefile").read_text(encoding="utf-8")

    assert {target for target, _ in rows} == {
        "",
        "run",
        "serve",
        "migrate",
        "migration",
        "seed",
        "test",
        "lint",
        "format",
        "check",
        "audit",
        "dist",
    }
    with vulnerabilities(of="no-dependency") as database:
        for target, command in rows:
            if target in ("run", "serve"):  # they do not end; the rest of the line is what make runs
                assert f"@$(BIN)/{command.removeprefix('uv run ')}\n" in recipes
            else:
                # Nothing has changed in the tables, and a migration that does nothing has to be asked for.
                command += " --empty" if target == "migration" else ""
                command += f" --service-url {database}" if target == "audit" else ""
                # `make test` runs the whole suite, above.
                settings = {"UV_SYSTEM_CERTS": "true", "PYTEST_ADDOPTS": "--cov-fail-under=0 tests/about"}
                # A database that lacks the new migration is not seeded; `make seed` migrates first.
                for each in [command, dict(rows)["migrate"]] if target == "migration" else [command]:
                    done = run(project, machine, each, **settings)
                    assert done.returncode == 0, f"{each}\n{done.stdout}\n{done.stderr}"


def test_make_alone_lists_every_target(project: Path, machine: Path) -> None:
    listed = run(project, machine, "make").stdout
    phony = re.findall(r"^\.PHONY: (.*)$", (project / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(line.split()[0] for line in listed.splitlines()) == sorted(" ".join(phony).split())


def test_old_python_is_named(project: Path, machine: Path) -> None:
    code = "import sys; sys.version_info = (3, 10, 1); exec(sys.argv[2])"
    script(machine / "python3", f'exec "{OLDEST}" -c \'{code}\' "$@"')

    done = run(project, machine, "make run")

    assert done.returncode != 0
    assert "python3 is 3.10 here, 3.11 or newer is needed" in done.stderr
    assert not (project / ".venv").exists()


def test_other_interpreter_is_taken_when_named(project: Path, machine: Path) -> None:
    newest = list(interpreters())[-1]

    assert run(project, machine, f"make check PYTHON={interpreters()[newest]}").returncode == 0

    version = run(project, machine, ".venv/bin/python --version").stdout
    assert version.startswith(f"Python {newest}.")


def test_environment_of_a_script_that_starts_python_keeps_its_uv(project: Path, machine: Path) -> None:
    shim = machine / "python-of-a-version-manager"
    script(shim, f'exec "{OLDEST}" "$@"')

    assert run(project, machine, f"make check PYTHON={shim}").returncode == 0

    assert (project / ".venv" / "bin" / "uv").exists()
