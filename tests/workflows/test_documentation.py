"""What the documentation says to type is typed, what it shows as a file is written, and its links lead somewhere."""

import ast
import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import pytest

from tests.support.documentation import Block, anchors, blocks, headings, links, questions_table, write_block
from tests.support.environments import run
from tests.support.every_combination import renders
from tests.support.interpreters import PYTHONS
from tests.support.rendering import BIN, FRAMEWORKS, TEMPLATE, Workplace, template_files
from tests.support.server import Server

PAGES = [
    str(path.relative_to(TEMPLATE))
    for path in [*sorted(TEMPLATE.glob("*.md")), *sorted((TEMPLATE / "docs").rglob("*.md"))]
]
SERVES = re.compile(r"^(make (try|run|serve)|python -m \w+ (run|serve)|flask run|fastapi dev|uvicorn|gunicorn)\b.*$")
EXECUTED = {"sh", "python", "json"}
# The page whose `make test` runs the whole suite of the project, because it adds a domain that the gate has to accept.
# On the other pages it runs these tests, and those that the page has added: rows run suites as a whole, and so does
# `test_fresh_machine.py` by `make test`.
WHOLE_SUITE = "docs/second-domain.md"
SOME_TESTS = ["--cov-fail-under=0", "tests/about", "tests/test_config.py", "tests/openapi/test_contract.py"]
# Modules that pages name and no project has: those of examples.
ELSEWHERE = {"my_service/app.py", "single/__init__.py"}
# Each of its sections is applied to a project of its own, with newest versions: tests/extensions.
EXTENSIONS = "docs/extensions.md"
SHOWN = {"", "text", "console", "diff", "toml", "ini", "mermaid"}


class Reader:
    """Somebody who follows a page from top to bottom."""

    def __init__(self, workplace: Workplace, framework: str, page: str) -> None:
        self.workplace = workplace
        self.framework = framework
        self.folder = TEMPLATE
        self.server: Server | None = None
        self.tests = None if page == WHOLE_SUITE else [*SOME_TESTS]

    def follow(self, block: Block) -> None:
        """Do what a block says, unless it is for the other framework or says why it is not run."""
        assert block.language in EXECUTED | SHOWN, block
        if block.rendered and self.folder == TEMPLATE:
            self.folder = self.workplace.render(framework=self.framework)
        if block.not_run or block.attributes.get("framework", self.framework) != self.framework:
            return
        if block.language == "sh" and SERVES.match(block.text.strip()):
            self.serve(block)
        elif block.language == "sh":
            self.run(block)
        elif block.language == "python":
            # What is shown of a file may end with the head of a function.
            ast.parse(f"{block.text}    ..." if "shows" in block.attributes else block.text)
            if "file" in block.attributes:
                write_block(block, self.folder)
                if self.tests and PurePosixPath(block.attributes["file"]).name.startswith("test_"):
                    self.tests.append(block.attributes["file"])
            if "shows" in block.attributes:
                assert block.text in (self.folder / block.attributes["shows"]).read_text(encoding="utf-8"), block
        elif block.language == "diff" and "file" in block.attributes:
            write_block(block, self.folder)
        elif block.language == "json":
            json.loads(block.text)

    def serve(self, block: Block) -> None:
        self.leave()
        self.server = Server(block.text.strip(), folder=self.folder, binaries=BIN)
        self.server.__enter__()

    def run(self, block: Block) -> None:
        text = block.text
        if self.server:
            text = text.replace("127.0.0.1:8000", f"127.0.0.1:{self.server.port}")
        folder = self.workplace.root / "folder"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"{text}\npwd > '{folder}'"],
            cwd=self.folder,
            env=os.environ
            | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "TEMPLATE": str(TEMPLATE)}
            | ({"PYTEST_ADDOPTS": " ".join(self.tests)} if self.tests else {}),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"line {block.line}: {block.text}\n{done.stdout}\n{done.stderr}"
        self.folder = Path(folder.read_text().strip())

    def leave(self) -> None:
        if self.server:
            self.server.__exit__(None, None, None)
            self.server = None


@contextmanager
def reading(workplace: Workplace, framework: str, page: str) -> Iterator[Reader]:
    reader = Reader(workplace, framework, page)
    try:
        yield reader
    finally:
        reader.leave()


def followed() -> Iterator[tuple[str, str]]:
    """Give each page with blocks, for both frameworks if it has a project rendered."""
    for page in [each for each in PAGES if each != EXTENSIONS]:
        found = list(blocks((TEMPLATE / page).read_text(encoding="utf-8")))
        is_rendered = any(block.rendered for block in found)
        yield from ((page, framework) for framework in (FRAMEWORKS if is_rendered else FRAMEWORKS[:1]) if found)


@pytest.mark.slow
@pytest.mark.parametrize(("page", "framework"), [*followed()])
def test_page_can_be_followed(page: str, framework: str, workplace: Workplace) -> None:
    with reading(workplace, framework, page) as reader:
        for block in blocks((TEMPLATE / page).read_text(encoding="utf-8")):
            reader.follow(block)


def test_one_page_runs_the_whole_suite() -> None:
    commands = [block for block in blocks((TEMPLATE / WHOLE_SUITE).read_text(encoding="utf-8")) if not block.not_run]

    assert [block.text for block in commands].count("make test\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_readme_of_a_project_can_be_followed(framework: str, workplace: Workplace) -> None:
    project = workplace.render(framework=framework)

    with reading(workplace, framework, "README.md") as reader:
        reader.folder = project
        for block in blocks((project / "README.md").read_text(encoding="utf-8")):
            # There is no engine and no cluster here; tests/delivery reads what these commands read.
            if not block.text.startswith(("docker ", "kubectl ")):
                reader.follow(block)


# What is around the WebSocket of the readme, and a browser that connects to it.
BEFORE = """
from fastapi import APIRouter, WebSocket
from fastapi.testclient import TestClient
from my_service import create_app
from my_service.web.dependencies import SettingsDep

router = APIRouter()

"""
AFTER = """
app = create_app()
app.include_router(router)
with TestClient(app).websocket_connect("ws://localhost/echo", headers={"Origin": "http://localhost"}) as socket:
    socket.send_text("hello")
    print(socket.receive_text())
"""


@pytest.mark.slow
def test_websocket_of_a_readme_answers(workplace: Workplace) -> None:
    project = workplace.render(framework="fastapi")
    readme = (project / "README.md").read_text(encoding="utf-8")
    (example,) = [block.text for block in blocks(readme) if "websocket" in block.text]
    (project / "example.py").write_text(BEFORE + example + AFTER)

    assert run(project, PYTHONS[0], "example").stdout == "development: hello\n"


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in links((TEMPLATE / page).read_text(encoding="utf-8")):
        assert ((TEMPLATE / page).parent / target).exists(), target
    for target, anchor in anchors((TEMPLATE / page).read_text(encoding="utf-8")):
        linked = (TEMPLATE / page).parent / target if target else TEMPLATE / page
        assert anchor in headings(linked.read_text(encoding="utf-8")), f"{target}#{anchor}"


@pytest.fixture(scope="module")
def project_files(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Return the paths of all files of the default project, of both frameworks."""
    return files_of_both(tmp_path_factory.mktemp("default"))


@pytest.fixture(scope="module")
def all_modules() -> set[str]:
    """Return the paths of the files of all combinations."""
    return {path for files in renders().values() for path in files}


def files_of_both(folder: Path) -> set[str]:
    """Return the paths of all files of the default project of each framework."""
    paths = set()
    for framework in FRAMEWORKS:
        project = Workplace(folder / framework).render(framework=framework)
        paths |= {path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()}
    return paths


@pytest.mark.parametrize("page", ["README.md", "docs/layout.md"])
def test_layout_shows_every_file_or_its_folder(page: str, project_files: set[str]) -> None:
    text = (TEMPLATE / page).read_text(encoding="utf-8")
    (layout,) = [block.text for block in blocks(text) if block.text.startswith("my-service/")]

    shown = paths_of_the_tree(layout)

    folders = {f"{folder}/" for path in project_files for folder in PurePosixPath(path).parents}
    assert shown - project_files - folders == set()
    assert {path for path in project_files if not is_shown(path, shown)} == set()


def is_shown(path: str, shown: set[str]) -> bool:
    """Tell whether a tree shows a file, or the file's folder and nothing in that; empty `__init__.py` need not be shown."""
    if path in shown:
        return True
    folder = next((f"{each}/" for each in PurePosixPath(path).parents if f"{each}/" in shown), "./")
    has_children = folder == "./" or any(other != folder and other.startswith(folder) for other in shown)
    return not has_children or path == f"{folder}__init__.py"


def paths_of_the_tree(layout: str) -> set[str]:
    """Return the paths that a tree shows: on lines of their own, or as modules behind their folder."""
    folders: list[str] = []
    paths = set()
    for line in layout.splitlines()[1:]:
        depth = (len(line) - len(line.lstrip())) // 2 - 1
        names = re.match(r" *([^\s,]+(?:, [^\s,]+)*)(.*)", line)
        assert names, line
        if names[1].endswith("/"):
            folders[depth:] = [names[1]]
            paths.add("".join(folders))
            found = re.findall(r"\w+\.py\b", names[2])
        else:
            folders[depth:] = []
            found = [*names[1].split(", "), *re.findall(r"Flask: (\w+\.py)\b", names[2])]
        paths |= {"".join([*folders, name]) for name in found}
    return paths


@pytest.mark.parametrize(
    ("tree", "path", "is_there"),
    [
        ("a/", "a/b/c.py", True),
        ("a/  x.py", "a/x.py", True),
        ("a/  x.py", "a/y.py", False),
        ("a/  x.py", "a/__init__.py", True),
        ("a/\n    b/", "a/b/c.py", True),
        ("a/\n    b/", "a/c.py", False),
        ("a/\n    b/", "c.py", False),
        ("a/\n  c.py", "c.py", True),
        ("a.py  the A (Flask: b.py)", "b.py", True),
        ("a.py, b.py", "b.py", True),
        ("a.py, b.py", "__init__.py", False),
    ],
)
def test_tree_shows_a_file_or_its_folder(tree: str, path: str, is_there: bool) -> None:
    assert is_shown(path, paths_of_the_tree(f"my-service/\n  {tree}")) is is_there


@pytest.mark.parametrize("page", ["README.md", "docs/layout.md", "docs/tour.md", "docs/factory-pattern.md"])
def test_page_names_modules_that_there_are(page: str, project_files: set[str], all_modules: set[str]) -> None:
    """A module in backticks is one of some project, or one that the page writes."""
    text = (TEMPLATE / page).read_text(encoding="utf-8")
    there = project_files | all_modules | ELSEWHERE
    there |= {block.attributes["file"] for block in blocks(text) if "file" in block.attributes}

    named = set(re.findall(r"`((?:[\w.-]+/)*\w+\.py)`", text))

    assert {name for name in named if not any(f"/{path}".endswith(f"/{name}") for path in there)} == set()


def test_layout_names_every_module_of_the_package(project_files: set[str]) -> None:
    text = (TEMPLATE / "docs" / "layout.md").read_text(encoding="utf-8")
    sections = text[text.index("\n## Why") : text.index("\n## How")]

    modules = {PurePosixPath(path) for path in project_files if re.fullmatch(r"my_service/(\w+/)?\w+\.py", path)}
    assert {path for path in modules if f"`{path.name}`" not in sections} == set()


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_factory_pattern_shows_what_is_rendered(framework: str, workplace: Workplace) -> None:
    project = workplace.render(framework=framework)
    page = (TEMPLATE / "docs" / "factory-pattern.md").read_text(encoding="utf-8")

    shown = {without_docstring(block.text) for block in blocks(page) if block.language == "python"}
    for module in ("__init__.py", "web/dependencies.py"):
        assert without_docstring((project / "my_service" / module).read_text(encoding="utf-8")) in shown, module


def without_docstring(module: str) -> str:
    return module.partition("\n\n")[2]


def test_readme_shows_the_questions() -> None:
    readme = (TEMPLATE / "README.md").read_text(encoding="utf-8")

    assert f"<!-- questions -->\n{questions_table()}\n<!-- /questions -->" in readme, (
        "run python -m tests.support.documentation"
    )


def test_security_names_tests_that_there_are() -> None:
    named = set(re.findall(r"`(test_\w+)`", (TEMPLATE / "docs" / "security.md").read_text(encoding="utf-8")))
    sources = "".join(path.read_text(encoding="utf-8") for path in template_files() if path.suffix == ".py")

    assert len(named) > 30
    assert named - set(re.findall(r"^def (test_\w+)", sources, re.MULTILINE)) == set()
