"""Whatever is answered is refused with one line, or gives a project that works and holds the answers unchanged."""

import ast
import itertools
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from answers_for_cookiecutter_2 import errors_of
from tests.support.environments import run
from tests.support.every_combination import write
from tests.support.interpreters import PYTHONS
from tests.support.rendering import BIN, FRAMEWORKS, Workplace, files, read_back
from tests.support.template import Files, compiled
from tests.support.variants import TEXTS

settings.register_profile("same examples each time", derandomize=True, deadline=None, max_examples=200)
settings.register_profile("search", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same examples each time"))

NASTY = "\"'\\`$%{}[]()<>&|#*_~!-+=.:;,@^/? \t\n\x1b\x7f\x85\u00a0\u200f\u2028\ufeff\ufffe\udc80éшא漢🚀aZ09"
FRAGMENTS = [
    "{{",
    "}}",
    "{%",
    "# {%",
    "{#",
    "\\u0022",
    "\\N{DASH}",
    "$(x)",
    "%s",
    "<b>",
    '"""',
    "'''",
    "-->",
    "${{ x }}",
    "1. ",
]
# No command line holds a NUL; of half surrogate pairs it holds those that stand for undecodable bytes.
text = st.lists(
    st.one_of(
        st.sampled_from(NASTY),
        st.sampled_from(FRAGMENTS),
        st.characters(exclude_categories=["Cs"], exclude_characters="\x00"),
    ),
    max_size=20,
).map("".join)
sentence = st.text(
    st.sampled_from("\"'\\`$%[]()<>&|#*_~!-+=.:;,@^/? \u00a0\u200féшא漢🚀aZ09"), min_size=1, max_size=500
)
name = st.one_of(st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,12}", fullmatch=True), text)

ANSWERS = st.fixed_dictionaries(
    {"framework": st.sampled_from(FRAMEWORKS)},
    optional={
        "project_name": st.one_of(sentence, text),
        "project_slug": name,
        "package_name": name,
        "description": st.one_of(sentence, text),
        "author_name": st.one_of(sentence, text),
        "author_email": st.one_of(st.emails(), text),
    },
)
SENTENCE = re.compile(r"""[a-z_]+: (?:'.*'|".*") [^\n]*; [^\n]*\.""")


def test_any_answer_is_refused_or_arrives(tmp_path: Path) -> None:
    accepted: dict[str, dict[str, str]] = {}

    @given(ANSWERS)
    def try_answers(answers: dict[str, str]) -> None:
        context = compiled().context(answers)
        if errors := errors_of(context):
            event("refused")
            assert all(SENTENCE.fullmatch(error) for error in errors)
        else:
            event("accepted")
            project = tmp_path / f"{len(accepted)}"
            accepted[project.name] = answers
            write(differing(compiled().render(answers), answers), project)
            expect_answers(project, answers)

    try_answers()

    assert len(accepted) > 20
    expect_style(tmp_path)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_two_words_arrive_together(framework: str, tmp_path: Path) -> None:
    for number, answers in enumerate(pairs_of_words()):
        project = write(compiled().render(answers | {"framework": framework}), tmp_path / f"{number}")
        expect_answers(project, answers)

    expect_style(tmp_path)


def pairs_of_words() -> Iterator[dict[str, str]]:
    """Give answers in which any two of the difficult ones meet."""
    for one, other in itertools.combinations(TEXTS, 2):
        yield {one: TEXTS[one][1], other: TEXTS[other][1]}
    yield {question: texts[1] for question, texts in TEXTS.items()}


@pytest.mark.slow
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_difficult_words_make_a_project_that_works(framework: str, workplace: Workplace) -> None:
    answers = {question: texts[1] for question, texts in TEXTS.items()} | {"framework": framework}
    project = workplace.render(**answers)

    expect_answers(project, answers)
    assert workplace.run("make", "help", cwd=project).returncode == 0
    run(project, PYTHONS[0], "pytest", "--quiet", "tests/about", "tests/openapi")
    assert " tests collected" in run(project, PYTHONS[0], "pytest", "--collect-only", "--quiet").stdout


@pytest.mark.slow
@pytest.mark.parametrize("number", range(4))
def test_command_line_does_what_is_computed(number: int, workplace: Workplace) -> None:
    found: list[dict[str, str]] = []

    @settings(max_examples=10 * (number + 1))
    @given(ANSWERS)
    def collect(answers: dict[str, str]) -> None:
        found.append(answers)

    collect()
    answers = found[-1]
    done = workplace.cookiecutter(**answers)

    if errors_of(compiled().context(answers)):
        assert (done.returncode, done.stderr) == (1, "")
        assert all(SENTENCE.fullmatch(line) for line in done.stdout.rstrip("\n").split("\n"))
        assert workplace.left() == []
    else:
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        (project,) = workplace.output.iterdir()
        rendered = compiled().render(answers)
        assert files(project) == {path: text.encode() for path, text in rendered.items()}


def differing(files: Files, answers: dict[str, str]) -> Files:
    """Return the files that answers in words have changed, and those that make a project of them."""
    usual = compiled().render({"framework": answers["framework"]})
    package = compiled().context(answers)["package_name"]
    needed = ("LICENSE", "README.md", "AGENTS.md", "pyproject.toml", f"{package}/")
    return {path: text for path, text in files.items() if path.startswith(needed) or usual.get(path) != text}


def expect_answers(project: Path, answers: dict[str, str]) -> None:
    """Read the answers back from wherever they were written to."""
    read = read_back(project)
    for question in ("project_name", "description", "author_name", "author_email"):
        if question in answers:
            assert set(read[question].values()) == {answers[question]}
    for module in project.rglob("*.py"):
        ast.parse(module.read_text(encoding="utf-8"))


def expect_style(folder: Path) -> None:
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run([BIN / "ruff", *command, "--quiet", "--no-cache", folder], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
