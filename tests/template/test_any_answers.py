"""Whatever is answered is refused with one line, or gives a project that works and holds the answers unchanged."""

import os
import re
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.support.environments import run
from tests.support.interpreters import PYTHONS
from tests.support.rendering import BIN, FRAMEWORKS, Workplace, read_back

settings.register_profile("same examples each time", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=500, deadline=None)
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


@pytest.mark.slow
@given(ANSWERS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_any_answer_is_refused_or_works(answers: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workplace = Workplace(Path(folder) / "workplace")
        done = workplace.cookiecutter(**answers)

        event("refused" if done.returncode else "accepted")
        if done.returncode:
            assert re.fullmatch(r"[a-z_]+: '.*' [^\n]*; [^\n]*\.\n", done.stdout) or re.fullmatch(
                r'[a-z_]+: ".*" [^\n]*; [^\n]*\.\n', done.stdout
            )
            assert done.stderr == ""
            assert workplace.left() == []
        else:
            (project,) = workplace.output.iterdir()
            check(project, answers)


def check(project: Path, answers: dict[str, str]) -> None:
    read = read_back(project)
    for question in ("project_name", "description", "author_name", "author_email"):
        if question in answers:
            assert set(read[question].values()) == {answers[question]}
    subprocess.run([BIN / "ruff", "check", "--quiet", "--no-cache", project], check=True)
    subprocess.run([BIN / "ruff", "format", "--quiet", "--check", "--no-cache", project], check=True)
    subprocess.run(["make", "--directory", project, "help"], check=True, capture_output=True)
    assert " tests collected" in run(project, PYTHONS[0], "pytest", "--collect-only", "--quiet").stdout
