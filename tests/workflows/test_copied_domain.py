"""A domain that is a copy of `about/`, as README describes it."""

import re
from pathlib import Path
from shutil import copytree

import pytest

from tests.support.environments import environment, run
from tests.support.interpreters import PYTHONS
from tests.support.rendering import FRAMEWORKS, Workplace
from tests.support.server import Server

pytestmark = pytest.mark.slow

SERVE = {"fastapi": "python -m uvicorn --port {port} asgi:app", "flask": "python -m flask run --port {port}"}
SENTENCES = {
    "service": "Copy `about/` and `tests/about/` to folders with the domain's name and replace `about` by it in their files",
    "skeleton": "copy `about/`, replace `about` by its name in the copy, and add its import and its line to the list in `api.py`",
}
COPIED = {"service": ["my_service/about", "tests/about"], "skeleton": ["my_service/about"]}


def copy(folder: Path) -> None:
    """Copy a folder of `about` for a domain `orders`."""
    new = copytree(folder, folder.with_name("orders"))
    for path in new.glob("*.py"):
        path.write_text(path.read_text().replace("about", "orders"))


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("profile", COPIED)
def test_copy_of_a_domain_works(framework: str, profile: str, workplace: Workplace) -> None:
    project = workplace.render(framework=framework, profile=profile, database="none", example="none")
    assert SENTENCES[profile] in " ".join((project / "README.md").read_text().split())
    for folder in COPIED[profile]:
        copy(project / folder)
    listed = project / "my_service" / "api.py"
    # A second import, and a second line of the list.
    copied, count = re.subn(
        r"^(?:from \.about.*|.*\(about\))\n",
        lambda line: line[0] + line[0].replace("about", "orders"),
        listed.read_text(),
        flags=re.MULTILINE,
    )
    listed.write_text(copied)

    assert count == 2
    run(project, PYTHONS[0], "ruff", "check", "--no-cache", ".")
    run(project, PYTHONS[0], "mypy")
    if profile == "service":
        run(project, PYTHONS[0], "pytest", "tests/orders", "tests/openapi", "tests/test_layers.py")
    with Server(SERVE[framework], folder=project, binaries=environment(project, PYTHONS[0])) as server:
        assert server.get("/api/v1/orders") == server.get("/api/v1/about")
