"""The recipes of a project: each is followed literally, and requests show that it works."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.documentation import Block, blocks, write_block
from tests.support.environments import environment, run
from tests.support.every_combination import write
from tests.support.interpreters import PYTHONS
from tests.support.rendering import FRAMEWORKS
from tests.support.template import compiled

PAGE = "docs/recipes.md"
PACKAGE = "my_service"
MODULES = Path(__file__).parents[1] / "support" / "recipes"
# The heading of each recipe, and the module of its requests, which becomes one of the project's tests.
RECIPES = {
    "Bodies of several kinds, and dynamic fields": "bodies",
    "An event stream": "events",
}
# The heading of a recipe that continues another one.
CONTINUES: dict[str, str] = {}


class Project:
    """A project whose reader follows recipes, in an environment that has its dependencies."""

    def __init__(self, folder: Path, framework: str, **answers: str) -> None:
        self.folder = write(compiled().render({"framework": framework, **answers}), folder)
        self.page = (folder / PAGE).read_text(encoding="utf-8")
        made = environment(folder, PYTHONS[0]).parent
        venv = folder / ".venv"
        venv.mkdir()
        for path in made.iterdir():
            if path.name != "ready":
                (venv / path.name).symlink_to(path)

    def follow(self, heading: str) -> None:
        """Do what a recipe says, after the one that it continues."""
        if heading in CONTINUES:
            self.follow(CONTINUES[heading])
        for block in blocks(recipes(self.page)[heading]):
            self.do(block)
        self.run(f".venv/bin/ruff format --check {PACKAGE}")
        if module := RECIPES.get(heading):
            shutil.copy(MODULES / f"{module}.py", self.folder / "tests" / f"test_{module}.py")

    def do(self, block: Block) -> None:
        if "file" in block.attributes:
            self.write(block)
        elif block.language == "sh":
            self.run(block.text)
        else:
            assert block.language in {"ini", "text"}, block

    def write(self, block: Block) -> None:
        write_block(block, self.folder)
        folder = (self.folder / block.attributes["file"]).parent
        if folder.parent == self.folder / PACKAGE and block.language == "python":
            (folder / "__init__.py").touch()

    def run(self, text: str) -> None:
        # Make does not install anything again.
        (self.folder / ".venv" / "ready").touch()
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"

    def check(self, *tools: str) -> None:
        """Sort the imports, as the page says, and check the code."""
        self.run("make format")
        for tool in tools:
            self.run(f".venv/bin/python -m {tool}")

    def test(self, *arguments: str) -> str:
        return run(self.folder, PYTHONS[0], "pytest", "-p", "no:cacheprovider", *arguments).stdout


def recipes(page: str) -> dict[str, str]:
    """Return the text of each recipe, by its heading."""
    sections = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    return {heading: text for heading, _, text in (section.partition("\n") for section in sections)}


@cache
def page_of(framework: str) -> str:
    return compiled().render({"framework": framework})[PAGE]


def followed() -> Iterator[tuple[str, str]]:
    for framework in FRAMEWORKS:
        yield from ((framework, heading) for heading in RECIPES if heading in recipes(page_of(framework)))


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_recipe_has_requests(framework: str) -> None:
    assert recipes(page_of(framework)).keys() - RECIPES.keys() == set()


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_path_of_each_file_is_above_its_code(framework: str) -> None:
    page = page_of(framework)
    for block in blocks(page):
        if "file" in block.attributes:
            above = "\n".join(page.splitlines()[: block.line - 1]).rpartition("```")[2]
            assert f"`{block.attributes['file']}`" in above, block


@pytest.mark.slow
@pytest.mark.parametrize(("framework", "heading"), [*followed()])
def test_recipe_works(framework: str, heading: str, tmp_path: Path) -> None:
    project = Project(tmp_path / "my-service", framework)

    project.follow(heading)

    project.check("ruff check .")
    assert " passed" in project.test(f"tests/test_{RECIPES[heading]}.py")


@pytest.mark.slow
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_project_with_all_recipes_is_still_sound(framework: str, tmp_path: Path) -> None:
    project = Project(tmp_path / "my-service", framework)

    for heading in recipes(project.page):
        if heading not in CONTINUES.values():
            project.follow(heading)

    project.check("ruff check .", "mypy")
    assert "Required test coverage of 100.0% reached" in project.test("--cov")
