"""Each variant's files: exactly those, the same bytes each time, and no trace of what was not chosen."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.documentation import blocks
from tests.rendering import TEMPLATE, Workplace, files, template_files
from tests.variants import Variant, behavioural_choices

pytestmark = pytest.mark.check("files")

# The words that only a project with this choice may contain.
WORDS = {
    ("framework", "fastapi"): ["fastapi", "asgi", "uvicorn", "starlette", "async", "asyncio", "await", "router"],
    ("framework", "flask"): ["flask", "wsgi", "werkzeug", "gunicorn", "blueprint", "bp", "views"],
}


def test_every_choice_has_words_of_its_own() -> None:
    assert set(WORDS) == {
        (question, choice) for question, offered in behavioural_choices().items() for choice in offered
    }


def expected_files(variant: Variant) -> set[str]:
    """Follow the template: shared files, the chosen overlay at its final place, one licence."""
    overlay = f"_frameworks/{variant.answers['framework']}/"
    expected = {"LICENSE"}
    for path in template_files():
        name = path.relative_to(TEMPLATE / "{{cookiecutter.project_slug}}").as_posix()
        name = name.replace("{{cookiecutter.package_name}}", "my_service")
        if name.startswith(overlay):
            expected.add(name.removeprefix(overlay))
        elif not name.startswith(("_frameworks/", "_licenses/")):
            expected.add(name)
    return expected


def test_exactly_the_files_of_the_choices_are_there(rendered: Path, variant: Variant) -> None:
    assert set(files(rendered)) == expected_files(variant)


def test_no_folder_is_empty(rendered: Path) -> None:
    assert [path for path in rendered.rglob("*") if path.is_dir() and not any(path.iterdir())] == []


def test_same_answers_give_the_same_bytes(rendered: Path, variant: Variant, workplace: Workplace) -> None:
    assert files(workplace.render(**variant.answers)) == files(rendered)


def test_nothing_of_the_template_language_is_left(rendered: Path) -> None:
    for name, content in files(rendered).items():
        assert not re.search(r"\{\{|\{%|\{#|cookiecutter", name + content.decode()), name


def test_nothing_that_was_not_chosen_is_mentioned(rendered: Path, variant: Variant) -> None:
    absent = [word for choice, words in WORDS.items() if choice not in variant.pairs for word in words]

    for name, content in files(rendered).items():
        for word in absent:
            assert not re.search(rf"\b{word}s?\b", f"{name}\n{content.decode()}", re.IGNORECASE), (name, word)


def test_files_end_with_one_line_break_and_have_no_doubled_blank_line(rendered: Path) -> None:
    for name, content in files(rendered).items():
        text = content.decode()
        assert "\r" not in text, name
        if name != "LICENSE" and text:
            assert text.endswith("\n"), name
            assert not text.endswith("\n\n"), name
            assert name.endswith(".py") or "\n\n\n" not in text, name
            assert not re.search(r"[ \t]$", text, re.MULTILINE), name


def test_readme_shows_the_layout_as_it_is(rendered: Path) -> None:
    readme = (rendered / "README.md").read_text(encoding="utf-8")
    (layout,) = [block.text for block in blocks(readme) if not block.language]
    modules = [*rendered.glob("*.py"), *(rendered / "my_service").rglob("*.py")]

    shown = set(re.findall(r"\w+\.py\b", layout))
    assert shown == {path.name for path in modules}


def test_data_files_parse(rendered: Path) -> None:
    parsed = {".toml": tomllib.loads}

    for name, content in files(rendered).items():
        suffix = Path(name).suffix
        assert suffix in {"", ".py", ".md", ".example", *parsed}, f"{name} is of a kind that no test parses"
        if suffix in parsed:
            parsed[suffix](content.decode())
