"""The recipes of a project: each is followed literally, and requests show that it works."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from itertools import chain
from pathlib import Path
from threading import Timer

import pytest

from tests.support.documentation import Block, blocks, write_block
from tests.support.environments import environment, requirements, run_in
from tests.support.every_combination import write
from tests.support.interpreters import PYTHONS
from tests.support.rendering import BIN, FRAMEWORKS, QUESTIONS, Workplace, files
from tests.support.server import Server
from tests.support.template import Files, compiled

PAGE = "docs/recipes.md"
PACKAGE = "my_service"
MODULES = Path(__file__).parents[1] / "support" / "recipes"
# The heading of each recipe, and the module of its requests, which becomes one of the project's tests.
RECIPES = {
    "Upload and download files": "uploads",
    "Bodies of several kinds, and dynamic fields": "bodies",
    "An event stream": "events",
    "A WebSocket": "websocket",
    "A background task": "tasks",
    "A blocking SDK": "lookups",
    "Database work outside a request": "old_lookups",
    "A scheduled command": "reports",
    "A shared HTTP client": "upstream",
    "An extension": "extension",
    "A page with its own Content-Security-Policy": "page",
}
# Recipes of options, with the answers that they need.
RECIPES_OF_OPTIONS = {
    "A job by a cron expression": ("cron", {"jobs": "database"}),
    "A job with progress": ("exports", {"jobs": "database"}),
    "An upload that a job processes": ("digests", {"jobs": "database"}),
    "A page with a form": ("contact", {"jobs": "database", "mail": "smtp", "pages": "html"}),
    "Announce a post by mail": ("announcements", {"jobs": "database", "mail": "smtp"}),
}
# These change the project or its environment, and have tests of their own.
OTHERS = {"Add a dependency", "Remove the example"}
# The recipe that another one continues.
CONTINUED = {
    "Database work outside a request": "A blocking SDK",
    "An upload that a job processes": "Upload and download files",
}


class Project:
    """A project whose reader follows recipes, in an environment that has its dependencies."""

    def __init__(self, folder: Path, framework: str, **answers: str) -> None:
        self.folder = write(compiled().render({"framework": framework, **answers}), folder)
        self.page = (folder / PAGE).read_text(encoding="utf-8")
        self.framework = framework
        more = {*re.findall(r'^\+    "(.+)",$', self.page, re.MULTILINE)} - requirements(folder)
        self.binaries = environment(folder, PYTHONS[0], *sorted(more))
        (folder / ".venv").mkdir()
        for path in self.binaries.parent.iterdir():
            if path.name != "ready":
                (folder / ".venv" / path.name).symlink_to(path)

    def follow(self, heading: str) -> None:
        """Do what a recipe says, and add its requests to the tests."""
        text = recipes(self.page)[heading]
        for block in blocks(text):
            self.do(block)
        self.run(f".venv/bin/ruff format --check {PACKAGE}")
        if has_requests(heading, text):
            module = RECIPES.get(heading) or RECIPES_OF_OPTIONS[heading][0]
            of_both, of_one = MODULES / f"{module}.py", MODULES / f"{module}_{self.framework}.py"
            target = self.folder / "tests" / f"test_{module}.py"
            shutil.copy(of_both if of_both.exists() else of_one, target)

    def do(self, block: Block) -> None:
        if "file" in block.attributes:
            self.write(block)
        elif block.language == "sh":
            self.run(block.text)
        else:
            assert block.language in {"ini", "text"}, block  # in use by the requests of the recipe

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
            run_in(self.binaries, self.folder, *tool.split())

    def test(self, *arguments: str) -> str:
        return run_in(self.binaries, self.folder, "pytest", "-p", "no:cacheprovider", *arguments).stdout


def recipes(page: str) -> dict[str, str]:
    """Return the text of each recipe, by its heading."""
    sections = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    return {heading: text for heading, _, text in (section.partition("\n") for section in sections)}


@cache
def page_of(framework: str) -> str:
    return compiled().render({"framework": framework})[PAGE]


def has_requests(heading: str, text: str) -> bool:
    """Return whether a recipe has code, which requests can reach."""
    return heading not in OTHERS and any(blocks(text))


def followed() -> Iterator[tuple[str, str]]:
    for framework in FRAMEWORKS:
        yield from (
            (framework, heading) for heading, text in recipes(page_of(framework)).items() if has_requests(heading, text)
        )


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_recipe_has_requests(framework: str) -> None:
    found = {heading for heading, text in recipes(page_of(framework)).items() if has_requests(heading, text)}

    assert found - RECIPES.keys() == set()


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_path_of_each_file_is_above_its_code(framework: str) -> None:
    answers = {"framework": framework, "jobs": "database", "mail": "smtp", "pages": "html"}
    page = compiled().render(answers)[PAGE]
    assert RECIPES_OF_OPTIONS.keys() <= recipes(page).keys()
    for block in blocks(page):
        if "file" in block.attributes:
            above = "\n".join(page.splitlines()[: block.line - 1]).rpartition("```")[2]
            assert f"`{block.attributes['file']}`" in above, block


@pytest.mark.slow
@pytest.mark.parametrize(("framework", "heading"), [*followed()])
def test_recipe_works(framework: str, heading: str, tmp_path: Path) -> None:
    project = Project(tmp_path / "my-service", framework)

    for each in (CONTINUED.get(heading), heading):
        if each:
            project.follow(each)

    project.check("ruff check .")
    assert " passed" in project.test(f"tests/test_{RECIPES[heading]}.py")


@pytest.mark.slow
@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("heading", RECIPES_OF_OPTIONS)
def test_recipe_of_an_option_works(framework: str, heading: str, tmp_path: Path) -> None:
    module, answers = RECIPES_OF_OPTIONS[heading]
    project = Project(tmp_path / "my-service", framework, **answers)

    for each in (CONTINUED.get(heading), heading):
        if each:
            project.follow(each)

    project.check("ruff check .", "mypy")
    also = ["tests/test_layers.py", "tests/cli/test_settings.py", "tests/jobs/test_functions.py"]
    assert " passed" in project.test(f"tests/test_{module}.py", *also)


@pytest.mark.slow
@pytest.mark.parametrize(
    "answers",
    [
        {"framework": "fastapi", "database": "none"},
        {"framework": "flask", "auth": "accounts", "metrics": "prometheus"},
    ],
    ids=["few options", "many options"],
)
def test_project_with_all_recipes_is_still_sound(answers: dict[str, str], tmp_path: Path) -> None:
    project = Project(tmp_path / "my-service", **answers)

    for heading in recipes(project.page):
        if heading not in OTHERS:
            project.follow(heading)

    project.check("ruff check .", "mypy")
    assert "Required test coverage of 100.0% reached" in project.test("--cov")


# What the reader removes from these by hand, or what the template cannot know.
NOT_COMPARED = {"README.md", "docs/deployment.md", PAGE}


@pytest.mark.slow
@pytest.mark.parametrize("auth", QUESTIONS["auth"])
@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("example", [example for example in QUESTIONS["example"] if example != "none"])
def test_example_can_be_removed(example: str, framework: str, auth: str, tmp_path: Path) -> None:
    project = Project(tmp_path / "my-service", framework, database="sqlite", example=example, auth=auth)
    without = compiled().render({"framework": framework, "database": "sqlite", "example": "none", "auth": auth})
    project.run(f"make seed rows=3 && cp -r instance '{tmp_path}/existing'")

    project.follow("Remove the example")

    project.check("ruff check .", "mypy")
    # All other files are those of a project without the example, as is seen below.
    assert " passed" in project.test("tests/database")
    own = {path for path in files(project.folder) if path in without or is_source(path)}
    assert own == without.keys() | {path for path in own if path.startswith("migrations/versions/")}
    for path in without.keys() - NOT_COMPARED:
        assert (project.folder / path).read_text(encoding="utf-8") == without[path], path
    assert example not in tables(project.folder / "instance")
    assert example in tables(tmp_path / "existing")
    for instance in ("existing", "fresh"):
        shutil.rmtree(project.folder / "instance")
        if instance == "existing":
            shutil.copytree(tmp_path / instance, project.folder / "instance")
        project.run(f".venv/bin/python -m {PACKAGE} db upgrade")
        assert tables(project.folder / "instance") == tables_of(without)


def is_source(path: str) -> bool:
    """Return whether a file is one that the template could have written."""
    folders = {"instance", ".venv", ".pytest_cache", ".ruff_cache", ".mypy_cache", "__pycache__"}
    return folders.isdisjoint(Path(path).parts) and path != ".coverage"


def tables(instance: Path) -> set[str]:
    """Return the names of the tables of a development database."""
    (path,) = instance.glob("*.db")
    with closing(sqlite3.connect(path)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def tables_of(rendered: Files) -> set[str]:
    """Return the names of the tables that the migrations of a project create, and that of Alembic."""
    found = (re.findall(r'create_table\(\s*"(\w+)"', text) for path, text in rendered.items() if "versions/" in path)
    return {"alembic_version", *chain.from_iterable(found)}


@pytest.mark.slow
def test_dependency_can_be_added_with_and_without_uv(workplace: Workplace) -> None:
    project = workplace.render()
    with_uv, with_pip = (block.text for block in blocks(recipes(page_of("fastapi"))["Add a dependency"]))
    (requirement,) = re.findall(r'"(.+)"', with_uv)
    name = re.split(r"\W", requirement)[0]
    environment = os.environ | {"UV_SYSTEM_CERTS": "true", "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}

    for command in (f"uv sync\n{with_uv}", f"rm -r .venv uv.lock\n{with_pip}"):
        checked = f"{command}\n.venv/bin/python -c 'import {name}, ruff, {PACKAGE}'"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", checked], cwd=project, env=environment, capture_output=True, text=True
        )

        assert done.returncode == 0, done.stdout + done.stderr
        assert requirement in requirements(project)


# A task that waits until it may end.
WAITING_TASK = """
import time
from pathlib import Path


def send(invitation: object) -> None:
    while not Path("go").exists():
        time.sleep(0.05)
    Path("sent").touch()
"""


@pytest.mark.slow
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_background_task_is_finished_on_sigterm_and_lost_when_killed(framework: str, tmp_path: Path) -> None:
    project = Project(tmp_path / "my-service", framework, database="none")
    project.follow("A background task")
    (project.folder / PACKAGE / "invitations" / "service.py").write_text(WAITING_TASK)

    for number, is_finished in ((signal.SIGKILL, False), (signal.SIGTERM, True)):
        command = f"python -m {PACKAGE} serve"
        with Server(command, folder=project.folder, binaries=project.folder / ".venv/bin") as server:
            # The response does not wait for the task.
            server.post("/api/v1/invitations", '{"name": "alice"}', "application/json")
            if is_finished:
                Timer(1, (project.folder / "go").touch).start()
            status = server.end(number)

        assert (status == 0, (project.folder / "sent").exists()) == (is_finished, is_finished)
