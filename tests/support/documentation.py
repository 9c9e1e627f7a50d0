"""Read the documentation: its fenced blocks, its links, and the table of questions that README.md shows."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.support.rendering import QUESTIONS

BLOCK = re.compile(r"((?:^<!--.*-->\n)*)^```(\w*)(.*)\n((?:.*\n)*?)^```$", re.MULTILINE)
ANCHOR = re.compile(r"\]\(([^)#]*)#([^)]+)\)")
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


class Block(NamedTuple):
    """A fenced block: its language, the attributes behind it (`file=…`), its text, and the comments above it."""

    line: int
    language: str
    attributes: dict[str, str]
    text: str
    not_run: str | None
    rendered: bool


def blocks(page: str) -> Iterator[Block]:
    """Give the fenced blocks of a page, in order."""
    for match in BLOCK.finditer(page):
        comments, language, info, text = match.groups()
        reason = re.search(r"<!-- not run: (.+?) -->", comments)
        yield Block(
            line=page[: match.start(2)].count("\n") + 1,
            language=language,
            attributes=dict(part.split("=", 1) for part in info.split()),
            text=text,
            not_run=reason[1] if reason else None,
            rendered="<!-- rendered: my-service -->" in page[: match.start(2)],
        )


def write_block(block: Block, folder: Path) -> None:
    """Write the file that a block shows, or apply its changes to the file."""
    path = folder / block.attributes["file"]
    if block.language == "diff":
        path.write_text(patched(path.read_text(encoding="utf-8"), block.text), encoding="utf-8")
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")


def patched(text: str, diff: str) -> str:
    """Apply a diff without line numbers: its lines that are there already must occur once. `@@` separates places."""
    for place in re.split(r"^@@\n", diff, flags=re.MULTILINE):
        lines = place.splitlines(keepends=True)
        old, new = ("".join(line[1:] for line in lines if line[0] in marks) for marks in (" -", " +"))
        assert f"\n{text}".count(f"\n{old}") == 1, place
        text = f"\n{text}".replace(f"\n{old}", f"\n{new}").removeprefix("\n")
    return text


def links(page: str) -> Iterator[str]:
    """Give the targets of links into the repository."""
    for target in LINK.findall(without_code(page)):
        if "://" not in target:
            yield target


def without_code(page: str) -> str:
    return re.sub(r"```.*?```|`[^`\n]*`", "", page, flags=re.DOTALL)


def anchors(page: str) -> Iterator[tuple[str, str]]:
    """Give the links to a heading: the page, which is empty for this one, and the anchor."""
    for target, anchor in ANCHOR.findall(without_code(page)):
        if "://" not in target:
            yield target, anchor


def headings(page: str) -> set[str]:
    """Return the anchors of the headings of a page."""
    titles = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", page, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def questions_table() -> str:
    """Make the table of questions from cookiecutter.json."""
    rows = ["| question | default | |", "|---|---|---|"]
    for question, default in QUESTIONS.items():
        if not question.startswith("_"):
            prompt = QUESTIONS["__prompts__"][question]
            if isinstance(default, list):
                choices = ", ".join(f"`{choice}`" for choice in default[1:])
                rows.append(
                    f"| `{question}` | `{default[0]}` | {prompt['__prompt__'].partition('. ')[0]}; or {choices} |"
                )
            else:
                shown = "made from the answers above" if "{{" in default else f"`{default}`"
                rows.append(f"| `{question}` | {shown} | {prompt} |")
    return "\n".join(rows)


def write_questions_table(readme: Path) -> None:
    """Put the table where README.md has its two marks."""
    text = readme.read_text(encoding="utf-8")
    before, rest = text.split("<!-- questions -->\n")
    _, after = rest.split("<!-- /questions -->")
    readme.write_text(f"{before}<!-- questions -->\n{questions_table()}\n<!-- /questions -->{after}", encoding="utf-8")


if __name__ == "__main__":
    write_questions_table(Path(__file__).parents[2] / "README.md")
