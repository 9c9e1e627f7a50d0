"""Render one variant into a folder, to look at it or to work in it."""

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cookiecutter.exceptions import CookiecutterException
from cookiecutter.main import cookiecutter

from tests.support.rendering import QUESTIONS, TEMPLATE
from tests.support.variants import choices

USAGE = 'use make render VARIANT="framework=flask,auth=accounts" OUT=folder'


def main(variant: str, folder: str) -> str | None:
    """Render, and print where the project is; return what was wrong with the arguments."""
    answers = dict(part.strip().partition("=")[::2] for part in variant.split(",") if part.strip())
    for question, answer in answers.items():
        if question not in QUESTIONS or question.startswith("_"):
            return f"{question!r} is no question; there are {', '.join(q for q in QUESTIONS if q[0] != '_')}"
        if answer not in choices().get(question, [answer]):
            return f"{question}: {answer!r} is no choice; there are {', '.join(choices()[question])}"
    if not folder:
        return f"OUT is missing; {USAGE}"
    try:
        print(render(answers, Path(folder)))
    except CookiecutterException as error:
        return str(error)
    return None


def render(answers: Mapping[str, str], folder: Path) -> str:
    """Render a project into a folder, and return where it is; the user's configuration is neither read nor written."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as own:
        config = Path(own) / "config.yaml"
        config.write_text(f"cookiecutters_dir: {own}\nreplay_dir: {own}/replay\n", encoding="utf-8")
        project: str = cookiecutter(
            str(TEMPLATE),
            no_input=True,
            extra_context=dict(answers),
            output_dir=str(folder),
            config_file=str(config),
        )
    return project


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
