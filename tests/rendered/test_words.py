"""The words of projects, pages, prompts and hooks: those of the field, and none of a private dialect."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.every_combination import contents_of, where
from tests.support.rendering import TEMPLATE

# Each pattern, and what to write instead.
BANNED = {
    r"\b(who|which|where)ever\b": "a noun: the client, the caller, any",
    r"\b(no|some|any)body\b": "the client, the account, no client",
    r"\b(un)?fits?\b": "valid, invalid",
    r"\btold\b": "reported, sent",
    r"\bmend(s|ed)?\b": "fix, repair",
    r"\bfor ever\b": "forever, or a limit",
    r"\bof one's own\b": "own",
    r"\b(leave|leaves|left) with \d": "exit with status",
    r"\b(has|have) to (be|name)\b": "must",
    r"\bwhat becomes of\b": "the subject itself",
    r'"""(What|Who|Where|How)\b': "an imperative sentence, or a noun",
    r"\bundisturbed\b": "isolated",
}
LICENSES = {"LICENSE"}


def texts() -> Iterator[tuple[str, str]]:
    """Give every text that people read: of projects, of the documentation, of prompts and messages."""
    for content in contents_of("*.py", "*.md", "Makefile", "*.toml", ".env.example"):
        yield where(content), content.text
    pages = [*TEMPLATE.glob("*.md"), *(TEMPLATE / "docs").glob("*.md")]
    code = [path for folder in ("answers_for_cookiecutter_2", "hooks") for path in (TEMPLATE / folder).glob("*.py")]
    for path in [*pages, *code, TEMPLATE / "cookiecutter.json"]:
        yield path.relative_to(TEMPLATE).as_posix(), path.read_text(encoding="utf-8")


@pytest.mark.parametrize("pattern", BANNED)
def test_word_is_not_used(pattern: str) -> None:
    found = {
        f"{name}: {line.strip()}"
        for name, text in texts()
        if Path(name).name not in LICENSES
        for line in text.splitlines()
        if re.search(pattern, line, re.IGNORECASE if not pattern.startswith('"""') else 0)
    }

    assert sorted(found) == [], f"write {BANNED[pattern]}"
