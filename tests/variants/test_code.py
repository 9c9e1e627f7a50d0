"""Each row's code: its types are right, and its dependencies are all there and all needed."""

import json
import os
import subprocess
import tomllib
import zlib
from pathlib import Path

import pytest

from answers_for_cookiecutter_2 import folded
from answers_for_cookiecutter_2.reserved_names import INSTALLED
from tests.support.environments import CACHE, environment, own_environment, run, run_in
from tests.support.rendering import BIN
from tests.support.variants import Variant

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")


@pytest.mark.check("types")
def test_types_cover_every_module(rendered: Path, variant: Variant) -> None:
    settings = tomllib.loads((rendered / "pyproject.toml").read_text())["tool"]["mypy"]
    modules = {path.relative_to(rendered).parts[0] for path in rendered.rglob("*.py")}

    assert set(settings["files"]) == modules


@pytest.mark.check("types")
def test_types_are_strict(project: Path, variant: Variant) -> None:
    # What mypy knows of the libraries serves all rows. It takes a file of one size and second for the same.
    for path in project.rglob("*.py"):
        of_its_contents = zlib.crc32(path.read_bytes())
        os.utime(path, (of_its_contents, of_its_contents))

    run(project, variant.python, "mypy", "--cache-dir", str(CACHE.with_name(f"mypy-{WORKER}")))


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
        "^dev",
        "--per-rule-ignores",
        # uvicorn imports the last ones.
        "DEP002=fastapi-swagger|flask-swagger-ui|aiosqlite|psycopg|python-multipart|itsdangerous|websockets|httptools|uvloop",
        "--package-module-name-map",
        "pyjwt=jwt",
    ]

    for arguments in (imported_by_the_package, imported_by_tests):
        done = subprocess.run([BIN / "deptry", *arguments], cwd=project, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.check("dependencies")
def test_own_dependencies_are_enough(project: Path, variant: Variant) -> None:
    binaries = own_environment(project, variant.python)

    said = run_in(binaries, project, "pytest", "tests/test_factory.py", "tests/openapi/test_document.py").stdout

    assert " passed" in said
    assert "tests collected" in run_in(binaries, project, "pytest", "--collect-only", "--quiet").stdout


@pytest.mark.check("dependencies")
def test_installed_names_are_reserved(rendered: Path, variant: Variant) -> None:
    code = """
import json
from importlib.metadata import distributions, packages_distributions
names = {distribution.name for distribution in distributions()} | set(packages_distributions())
print(json.dumps(sorted(names)))
"""
    interpreter = environment(rendered, variant.python) / "python"
    listed = subprocess.run([interpreter, "-I", "-c", code], capture_output=True, text=True, check=True)
    names = {folded(name) for name in json.loads(listed.stdout)}

    assert {name for name in names if name.isidentifier() and not name.startswith("_")} - INSTALLED == set()
