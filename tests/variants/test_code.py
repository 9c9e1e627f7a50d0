"""Each variant's code: style, types and dependencies are right without mending."""

import json
import os
import subprocess
import tomllib
import zlib
from pathlib import Path

import pytest
from filelock import FileLock

from hooks.answers import folded
from hooks.reserved_names import INSTALLED
from tests.support.environments import CACHE, PYTHONS, environment
from tests.support.rendering import BIN, Workplace, read_back, run
from tests.support.variants import Variant


@pytest.mark.check("style")
def test_style_needs_no_mending(project: Path, variant: Variant) -> None:
    run(project, PYTHONS[0], "ruff", "check", "--no-cache", ".")
    run(project, PYTHONS[0], "ruff", "format", "--check", "--no-cache", ".")


def test_lint_notices_a_coroutine_that_blocks(workplace: Workplace) -> None:
    project = workplace.render(framework="fastapi")
    (project / "my_service" / "slow.py").write_text("import time\n\n\nasync def wait() -> None:\n    time.sleep(1)\n")

    with pytest.raises(AssertionError, match="ASYNC251"):
        run(project, PYTHONS[0], "ruff", "check", "--no-cache", ".")


@pytest.mark.check("types")
def test_types_cover_every_module(rendered: Path, variant: Variant) -> None:
    settings = tomllib.loads((rendered / "pyproject.toml").read_text())["tool"]["mypy"]
    modules = {path.relative_to(rendered).parts[0] for path in rendered.rglob("*.py")}

    assert set(settings["files"]) == modules


@pytest.mark.check("types")
def test_types_are_strict(project: Path, variant: Variant) -> None:
    # What mypy knows of the libraries serves all variants. It takes a file of one size and second for the same.
    for path in project.rglob("*.py"):
        of_its_contents = zlib.crc32(path.read_bytes())
        os.utime(path, (of_its_contents, of_its_contents))
    cache = CACHE.parent / "mypy"

    with FileLock(f"{cache}.lock"):
        run(project, PYTHONS[0], "mypy", "--cache-dir", str(cache))


@pytest.mark.check("dependencies")
def test_every_dependency_is_used_and_none_is_missing(project: Path, variant: Variant) -> None:
    # Of the tests, what they import: they use tools that no import names, and may import what is for development.
    imported_by_tests = [
        ".",
        "--exclude",
        "my_service|migrations|[aw]sgi",
        "--ignore",
        "DEP002,DEP004",
        "--package-module-name-map",
        "python-dotenv=dotenv,pyjwt=jwt",
        "--known-first-party",
        "my_service",
    ]

    # Packages of files that no module imports; without them, the documentation page of the project is not there.
    imported_by_the_package = [
        ".",
        "--extend-exclude",
        "with_.*",
        "--per-rule-ignores",
        # uvicorn imports the last ones.
        "DEP002=fastapi-swagger|flask-swagger-ui|aiosqlite|psycopg|python-multipart|websockets|httptools|uvloop",
        "--package-module-name-map",
        "pyjwt=jwt",
    ]

    for arguments in (imported_by_the_package, imported_by_tests):
        done = subprocess.run([BIN / "deptry", *arguments], cwd=project, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.check("dependencies")
def test_installed_names_are_reserved(rendered: Path, variant: Variant) -> None:
    code = """
import json
from importlib.metadata import distributions, packages_distributions
names = {distribution.name for distribution in distributions()} | set(packages_distributions())
print(json.dumps(sorted(names)))
"""
    interpreter = environment(rendered, PYTHONS[-1]) / "python"
    listed = subprocess.run([interpreter, "-I", "-c", code], capture_output=True, text=True, check=True)
    names = {folded(name) for name in json.loads(listed.stdout)}

    assert {name for name in names if name.isidentifier() and not name.startswith("_")} - INSTALLED == set()


@pytest.mark.check("dependencies")
def test_project_metadata_follow_their_schema(rendered: Path, variant: Variant) -> None:
    validate_metadata(rendered)


def validate_metadata(project: Path) -> None:
    done = subprocess.run([BIN / "validate-pyproject", project / "pyproject.toml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_words_and_licences_need_no_mending(cosmetic_variant: Variant, workplace: Workplace) -> None:
    project = workplace.render(**cosmetic_variant.answers)

    validate_metadata(project)
    run(project, PYTHONS[0], "ruff", "check", "--no-cache", ".")
    run(project, PYTHONS[0], "ruff", "format", "--check", "--no-cache", ".")
    for question, read in read_back(project).items():
        assert set(read.values()) == {cosmetic_variant.answers[question]}
    assert " tests collected" in run(project, PYTHONS[0], "pytest", "--collect-only", "--quiet").stdout
    assert workplace.run("make", "help", cwd=project).returncode == 0
