"""The extensions of docs/extensions.md: a section for each, its code, and the table of outcomes."""

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock

from tests.support.documentation import Block, blocks, patched
from tests.support.environments import environment, uv
from tests.support.interpreters import PYTHONS
from tests.support.rendering import FRAMEWORKS, TEMPLATE

PAGE = TEMPLATE / "docs" / "extensions.md"
PROOFS = TEMPLATE / "tests" / "extensions"
SECTION = re.compile(r"^(##+) (.+)$", re.MULTILINE)


class Extension(NamedTuple):
    """A section of the page: its framework, its heading, and its code."""

    framework: str
    name: str
    blocks: tuple[Block, ...]

    @property
    def proof(self) -> Path:
        """Return the test that proves the row."""
        return PROOFS / self.framework / f"{re.sub(r'[^a-z0-9]+', '_', self.name.lower())}.py"

    @property
    def requirements(self) -> tuple[str, ...]:
        """Return the packages that the section says to add."""
        commands = [block.text for block in self.blocks if block.language == "sh"]
        return tuple(
            word.strip("'\"")
            for command in commands
            for word in command.replace("--dev", "").removeprefix("uv add").split()
        )

    def apply(self, project: Path) -> None:
        """Make the changes of the section in a project."""
        for block in self.blocks:
            if name := block.attributes.get("file"):
                path = project / name
                path.parent.mkdir(exist_ok=True)
                text = patched(path.read_text(encoding="utf-8"), block.text) if block.language == "diff" else block.text
                path.write_text(text, encoding="utf-8")


@functools.cache
def extensions() -> list[Extension]:
    """Return the extensions of the page, in its order."""
    return list(sections())


def sections() -> Iterator[Extension]:
    """Yield a section below the heading of each framework."""
    _, *parts = SECTION.split(PAGE.read_text(encoding="utf-8"))
    framework = ""
    for level, heading, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        if level == "##":
            framework = heading.lower()
        elif framework in FRAMEWORKS:
            yield Extension(framework, heading, tuple(blocks(text)))


def rows() -> dict[tuple[str, str], str]:
    """Return the outcome in each row of the tables, by framework and name."""
    found = {}
    framework = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            framework = line[3:].lower()
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if framework in FRAMEWORKS and line.startswith("| ["):
            found[framework, re.sub(r"\[(.+?)\]\(.+?\)", r"\1", cells[0])] = cells[2]
    return found


@functools.cache
def environment_with_extensions(project: Path, framework: str) -> Path:
    """Return an environment with all extensions of a framework, each upgraded to its newest version."""
    wanted = {name for each in extensions() if each.framework == framework for name in each.requirements}
    binaries = environment(project, PYTHONS[0], *sorted(wanted))
    with FileLock(f"{binaries.parent}.lock"):
        uv("pip", "install", "--upgrade", "--python", str(binaries / "python"), *sorted(wanted))
    return binaries


def version_of(binaries: Path, requirement: str) -> str:
    """Return the version of a package that is installed."""
    name = re.sub(r"[-_.]+", "_", re.split(r"[\[<>=]", requirement)[0].lower())
    for path in binaries.parent.glob("[Ll]ib*/**/site-packages/*.dist-info"):
        distribution, _, version = path.name.removesuffix(".dist-info").partition("-")
        if re.sub(r"[-_.]+", "_", distribution.lower()) == name:
            return version
    raise LookupError(f"{requirement} is not installed in {binaries.parent}")
