"""Every combination of choices, rendered in this process; and its contents, each of them once."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.support.template import Files, compiled
from tests.support.variants import Variant, combinations


class Content(NamedTuple):
    """A file of a project, as some of the combinations have it."""

    path: str
    text: str


@cache
def renders() -> dict[Variant, Files]:
    """Return the files of every combination."""
    return {variant: compiled().render(variant.answers) for variant in combinations()}


@cache
def contents() -> dict[Content, Variant]:
    """Return each different content once, with the first combination that has it."""
    found: dict[Content, Variant] = {}
    for variant, files in renders().items():
        for path, text in files.items():
            found.setdefault(Content(path, text), variant)
    return found


def contents_of(*patterns: str) -> Iterator[Content]:
    """Give the different contents of files whose path matches some pattern, such as `*.py`."""
    for content in contents():
        if any(Path(content.path).match(pattern) for pattern in patterns):
            yield content


def where(content: Content) -> str:
    """Name a content in a message: its path, and a combination that has it."""
    return f"{content.path} with {contents()[content].name()}"


def spanning() -> list[Variant]:
    """Return a few combinations that have every content between them."""
    missing = set(contents())
    chosen = []
    for variant, files in renders().items():
        own = {Content(*item) for item in files.items()}
        if own & missing:
            chosen.append(variant)
            missing -= own
    return chosen


def write(files: Files, folder: Path) -> Path:
    """Write the files of a project into a folder."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8", newline="")
    return folder


def words(text: str, wanted: Iterable[str]) -> set[str]:
    """Return which of some words a text has, in any case."""
    alternatives = "|".join(sorted(map(re.escape, wanted), key=len, reverse=True))
    return {found.lower() for found in re.findall(rf"(?<![\w-])(?:{alternatives})(?![\w-])", text, re.IGNORECASE)}
