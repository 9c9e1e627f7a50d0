"""The ways to answer, and what becomes of an answer in the project."""

import tomllib

import pytest

from tests.support.rendering import LICENSES, OPTIONS, QUESTIONS, TEMPLATE, Workplace, files

WEIRD = 'it\'s "quoted", \\ back\\\\slashed \\n \\u0041, $(x) `x` $HOME %s {0} {} <b>&amp; *a* _b_ ~~c~~ [d](e) #f # 🚀 שלום مرحبا'


@pytest.mark.parametrize("chosen", LICENSES)
def test_licence_is_the_chosen_one_with_its_holder(chosen: str, workplace: Workplace) -> None:
    project = workplace.render(license=chosen, author_name="Zoë O'Neill")
    text = (project / "LICENSE").read_text(encoding="utf-8")
    source = (OPTIONS / chosen / "LICENSE").read_text(encoding="utf-8")
    metadata = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert text == source.replace("{{ cookiecutter.author_name }}", "Zoë O'Neill")
    assert "Copyright (c) Zoë O'Neill" in text + (project / "README.md").read_text(encoding="utf-8")
    assert (project / "README.md").read_text(encoding="utf-8").count("Copyright (c)") == 1
    if chosen == "Proprietary":
        assert metadata["license"] == "LicenseRef-Proprietary"
        assert metadata["classifiers"] == ["Private :: Do Not Upload"]
    else:
        assert metadata["license"] == chosen
        assert "classifiers" not in metadata


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
    typed = ["Typed In", "", "", "", "", "", "2", "1", "3", "2", "1", "2", "1", "1", "1", "3", "2", "3", ""]

    done = workplace.run("cookiecutter", TEMPLATE, typed="\n".join(typed))

    assert done.returncode == 0, done.stdout + done.stderr
    for question, prompt in QUESTIONS["__prompts__"].items():
        assert (prompt if isinstance(prompt, str) else prompt["__prompt__"]) in done.stdout, question
    # Cookiecutter prints nothing at the end, so the last question names the next step.
    *_, last = (each for each in QUESTIONS if not each.startswith("_"))
    assert QUESTIONS["__prompts__"][last]["__prompt__"].endswith("in the new folder with the repository name: make run")
    assert (workplace.output / "typed-in" / "wsgi.py").exists()
    assert '"BSD-3-Clause"' in (workplace.output / "typed-in" / "pyproject.toml").read_text()
