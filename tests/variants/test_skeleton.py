"""The skeleton, which no row executes: its size, its code, its tests, and its start on each interpreter."""

from pathlib import Path

import pytest

from tests.support.environments import environment, run
from tests.support.interpreters import PYTHONS
from tests.support.rendering import FRAMEWORKS, Workplace, files
from tests.support.server import Server

MAX_FILES, MAX_LINES = 14, 150
SERVE = {"fastapi": "uvicorn --port {port} asgi:app", "flask": "flask run --port {port}"}


@pytest.fixture(params=FRAMEWORKS)
def framework(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def skeleton(framework: str, workplace: Workplace) -> Path:
    return workplace.render(framework=framework, profile="skeleton")


def test_skeleton_is_small(skeleton: Path) -> None:
    rendered = files(skeleton)
    package = [text for path, text in rendered.items() if path.startswith("my_service/")]

    assert len(rendered) <= MAX_FILES
    assert sum(text.count(b"\n") for text in package) <= MAX_LINES


def test_factory_of_the_skeleton_has_fifteen_lines_at_most(skeleton: Path) -> None:
    factory = (skeleton / "my_service" / "__init__.py").read_text().partition("def create_app")[2]

    assert factory.count("\n") <= 15


@pytest.mark.slow
@pytest.mark.parametrize("python", PYTHONS)
def test_skeleton_passes_its_own_checks(skeleton: Path, python: str) -> None:
    run(skeleton, python, "ruff", "check", "--no-cache", ".")
    run(skeleton, python, "ruff", "format", "--check", "--no-cache", ".")
    run(skeleton, python, "mypy")
    assert "1 passed" in run(skeleton, python, "pytest").stdout


@pytest.mark.slow
def test_skeleton_serves(framework: str, skeleton: Path) -> None:
    with Server(SERVE[framework], folder=skeleton, binaries=environment(skeleton, PYTHONS[0])) as server:
        assert server.get("/api/v1/about") == (200, {"name": "my-service", "environment": "development"})
