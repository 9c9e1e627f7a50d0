"""What comes out: the exact files, the same bytes each time, free text unchanged, and nothing of what was not chosen."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.rendering import FRAMEWORKS, LICENSES, QUESTIONS, TEMPLATE, Workplace, files, read_back, template_files

NAMES = {
    "fastapi": ("fastapi", "asgi", "uvicorn", "starlette", "asyncio"),
    "flask": ("flask", "wsgi", "werkzeug", "gunicorn"),
}
WEIRD = 'it\'s "quoted", \\ back\\\\slashed \\n \\u0041, $(x) `x` $HOME %s {0} {} <b>&amp; *a* _b_ ~~c~~ [d](e) #f # 🚀 שלום مرحبا'


@pytest.fixture(scope="session", params=FRAMEWORKS)
def framework(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def project(framework: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Workplace(tmp_path_factory.mktemp("default") / "workplace").render(framework=framework)


def expected_files(framework: str) -> set[str]:
    """Follow the template: shared files, the chosen overlay at its final place, one licence."""
    expected = {"LICENSE"}
    for path in template_files():
        name = path.relative_to(TEMPLATE / "{{cookiecutter.project_slug}}").as_posix()
        name = name.replace("{{cookiecutter.package_name}}", "my_service")
        if name.startswith(f"_frameworks/{framework}/"):
            expected.add(name.removeprefix(f"_frameworks/{framework}/"))
        elif not name.startswith(("_frameworks/", "_licenses/")):
            expected.add(name)
    return expected


def test_project_has_exactly_the_files_of_its_framework(project: Path, framework: str) -> None:
    assert set(files(project)) == expected_files(framework)


def test_no_folder_is_empty(project: Path) -> None:
    assert [path for path in project.rglob("*") if path.is_dir() and not any(path.iterdir())] == []


def test_same_answers_give_the_same_bytes(project: Path, framework: str, workplace: Workplace) -> None:
    assert files(workplace.render(framework=framework)) == files(project)


def test_nothing_of_the_template_language_is_left(project: Path) -> None:
    for name, content in files(project).items():
        assert not re.search(r"\{\{|\{%|\{#|cookiecutter", content.decode()), name


def test_other_framework_is_not_mentioned(project: Path, framework: str) -> None:
    others = [word for other, words in NAMES.items() if other != framework for word in words]

    for name, content in files(project).items():
        for word in others:
            assert not re.search(rf"\b{word}\b", f"{name}\n{content.decode()}", re.IGNORECASE), (name, word)


def test_files_end_with_one_line_break_and_have_no_doubled_blank_line(project: Path) -> None:
    for name, content in files(project).items():
        text = content.decode()
        assert "\r" not in text, name
        if name != "LICENSE" and text:
            assert text.endswith("\n"), name
            assert not text.endswith("\n\n"), name
            assert name.endswith(".py") or "\n\n\n" not in text, name
            assert not re.search(r"[ \t]$", text, re.MULTILINE), name


@pytest.mark.parametrize("chosen", LICENSES)
def test_licence_is_the_chosen_one_with_its_holder(chosen: str, workplace: Workplace) -> None:
    project = workplace.render(license=chosen, author_name="Zoë O'Neill")
    text = (project / "LICENSE").read_text(encoding="utf-8")
    source = (TEMPLATE / "{{cookiecutter.project_slug}}" / "_licenses" / chosen).read_text(encoding="utf-8")
    metadata = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert text == source.replace("{{ cookiecutter.author_name }}", "Zoë O'Neill")
    assert "Copyright (c) Zoë O'Neill" in text + (project / "README.md").read_text(encoding="utf-8")
    if chosen == "Proprietary":
        assert metadata["license"] == "LicenseRef-Proprietary"
        assert metadata["classifiers"] == ["Private :: Do Not Upload"]
    else:
        assert metadata["license"] == chosen
        assert "classifiers" not in metadata


def test_free_text_arrives_unchanged(framework: str, workplace: Workplace) -> None:
    answers = {"project_name": f"Name: {WEIRD}", "description": f"1. {WEIRD}", "author_name": f"A {WEIRD}"}
    project = workplace.render(framework=framework, project_slug="weird", **answers)

    for question, read in read_back(project).items():
        assert set(read.values()) == {answers.get(question, "you@example.com")}
    assert workplace.run("make", "help", cwd=project).returncode == 0


def test_answers_of_a_user_configuration_are_taken(workplace: Workplace) -> None:
    workplace.configure(author_name="Zoë", framework="flask")

    project = workplace.render()

    assert (project / "wsgi.py").exists()
    assert "Copyright (c) Zoë" in (project / "LICENSE").read_text(encoding="utf-8")


def test_replay_gives_the_same_project(workplace: Workplace) -> None:
    project = workplace.render(framework="flask", description=WEIRD)
    first = files(project)
    project.rename(workplace.root / "moved")

    done = workplace.run("cookiecutter", TEMPLATE, "--replay")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert files(project) == first


def test_answers_can_be_typed(workplace: Workplace) -> None:
    typed = ["Typed In", "", "", "", "", "", "2", "3", ""]

    done = workplace.run("cookiecutter", TEMPLATE, typed="\n".join(typed))

    assert done.returncode == 0, done.stdout + done.stderr
    for question, prompt in QUESTIONS["__prompts__"].items():
        assert (prompt if isinstance(prompt, str) else prompt["__prompt__"]) in done.stdout, question
    assert (workplace.output / "typed-in" / "wsgi.py").exists()
    assert '"BSD-3-Clause"' in (workplace.output / "typed-in" / "pyproject.toml").read_text()
