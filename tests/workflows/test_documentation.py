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

from tests.support.documentation import Block, anchors, blocks, headings, links, questions_table
from tests.support.environments import run
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
SHOWN = {"", "text", "console", "diff", "toml", "ini"}


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
            ast.parse(block.text)
            if "file" in block.attributes:
                path = self.folder / block.attributes["file"]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text, encoding="utf-8")
                if self.tests and path.name.startswith("test_"):
                    self.tests.append(block.attributes["file"])
        elif block.language == "diff" and "file" in block.attributes:
            path = self.folder / block.attributes["file"]
            path.write_text(patched(path.read_text(encoding="utf-8"), block.text), encoding="utf-8")
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


def patched(text: str, diff: str) -> str:
    """Apply a diff without line numbers: its lines that are there already must occur once."""
    lines = diff.splitlines(keepends=True)
    old, new = ("".join(line[1:] for line in lines if line[0] in marks) for marks in (" -", " +"))
    assert text.count(old) == 1, diff
    return text.replace(old, new)


@contextmanager
def reading(workplace: Workplace, framework: str, page: str) -> Iterator[Reader]:
    reader = Reader(workplace, framework, page)
    try:
        yield reader
    finally:
        reader.leave()


def followed() -> Iterator[tuple[str, str]]:
    """Give each page with blocks, for both frameworks if it has a project rendered."""
    for page in PAGES:
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


@pytest.mark.parametrize("page", ["README.md", "docs/layout.md"])
def test_layout_shows_every_module(page: str, tmp_path: Path) -> None:
    text = (TEMPLATE / page).read_text(encoding="utf-8")
    (layout,) = [block.text for block in blocks(text) if block.text.startswith("my-service/")]
    projects = [Workplace(tmp_path / framework).render(framework=framework) for framework in FRAMEWORKS]

    modules = {
        module.relative_to(project).as_posix()
        for project in projects
        for module in [*project.glob("*.py"), *project.glob("migrations/*.py"), *(project / "my_service").rglob("*.py")]
    }

    shown = modules_of_the_tree(layout.partition("\n  tests/")[0])
    assert shown - modules == set()
    # "The same" as in another domain.
    of_domains = {PurePosixPath(path).name for path in shown if path.count("/") == 2} | {"__init__.py"}
    hidden = {path for path in modules - shown if path.count("/") != 2 or PurePosixPath(path).name not in of_domains}
    assert hidden == set()


def modules_of_the_tree(layout: str) -> set[str]:
    """Return the paths of the modules that a tree shows: on lines of their own, or behind their folder."""
    folders: list[str] = []
    modules = set()
    for line in layout.splitlines()[1:]:
        depth = (len(line) - len(line.lstrip())) // 2 - 1
        names = re.match(r" *([^\s,]+(?:, [^\s,]+)*)(.*)", line)
        assert names, line
        if names[1].endswith("/"):
            folders[depth:] = [names[1]]
            found = re.findall(r"\w+\.py\b", names[2])
        else:
            found = [name for name in names[1].split(", ") if name.endswith(".py")]
            found += re.findall(r"Flask: (\w+\.py)\b", names[2])
        modules |= {"".join([*folders[: depth + names[1].endswith("/")], name]) for name in found}
    return modules


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
