"""What editors, git and hooks read in every service: hooks before commits, attributes of files, a development container."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.environments import environment
from tests.support.every_combination import write
from tests.support.interpreters import PYTHONS
from tests.support.rendering import BIN, Workplace
from tests.support.template import compiled


@pytest.fixture
def project(tmp_path: Path, workplace: Workplace) -> Path:
    """A project in a repository, with an environment that has its tools."""
    project = write(compiled().render({"framework": "flask"}), tmp_path / "my-service")
    workplace.git("init", "--quiet", cwd=project)
    (project / ".venv").symlink_to(environment(project, PYTHONS[0]).parent)
    (project / ".git" / "info" / "exclude").write_text(".venv\n")
    workplace.git("add", "--all", cwd=project)
    return project


def prek(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    settings = os.environ | {"PREK_HOME": str(project.parent / "prek")}
    return subprocess.run([BIN / "prek", *arguments], cwd=project, env=settings, capture_output=True, text=True)


@pytest.mark.slow
def test_hooks_pass_and_reject_what_lint_rejects(project: Path, workplace: Workplace) -> None:
    assert prek(project, "validate-config", ".pre-commit-config.yaml").returncode == 0
    done = prek(project, "run", "--all-files")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"^(.+?)\.+Passed$", done.stdout, re.MULTILINE) == ["ruff check", "ruff format", "mypy"]

    service = project / "my_service" / "about" / "service.py"
    before = service.read_text()
    service.write_text(f"{before}\n\ndef added( ) -> int :\n    return ''\n")
    workplace.git("add", "--all", cwd=project)
    done = prek(project, "run")

    assert done.returncode == 1
    assert re.findall(r"^(.+?)\.+Failed$", done.stdout, re.MULTILINE) == ["ruff format", "mypy"]
    assert service.read_text() == f'{before}\n\ndef added() -> int:\n    return ""\n'


def test_hooks_are_the_tools_of_make_lint() -> None:
    files = compiled().render({})
    (local,) = yaml.safe_load(files[".pre-commit-config.yaml"])["repos"]
    (recipe,) = re.findall(r"^lint:.*\n((?:\t.*\n)+)", files["Makefile"], re.MULTILINE)

    hooks = [hook["entry"].split()[0:2] for hook in local["hooks"]]
    assert hooks == [[".venv/bin/ruff", "check"], [".venv/bin/ruff", "format"], [".venv/bin/mypy"]]
    lines = recipe.replace("$(BIN)", ".venv/bin").split("\t@")[1:]
    assert [line.split()[: len(hook)] for line, hook in zip(lines, hooks, strict=True)] == hooks


def test_git_stores_the_same_lines_everywhere(workplace: Workplace, tmp_path: Path) -> None:
    project = write(compiled().render({}), tmp_path / "my-service")
    workplace.git("init", "--quiet", cwd=project)
    (project / "windows.py").write_bytes(b"first\r\nsecond\r\n")
    workplace.git("add", "--all", cwd=project)

    assert workplace.git("show", ":windows.py", cwd=project) == "first\nsecond"
    assert workplace.git("check-attr", "linguist-generated", "uv.lock", cwd=project).endswith(": set")


def test_development_container_makes_the_environment() -> None:
    files = compiled().render({})
    container = json.loads(files[".devcontainer/devcontainer.json"])

    assert container["image"].removeprefix("python:") in PYTHONS
    assert container["postCreateCommand"].split()[0] == "make"
    assert f"\n{container['postCreateCommand'].split()[1]}:" in files["Makefile"]
    assert f"# PORT={container['forwardPorts'][0]}\n" in files[".env.example"]
