"""Refuse bad answers with one sentence, before a folder exists.

cookiecutter loads this module as a Jinja extension (`_extensions` in cookiecutter.json), because it creates the
project's folder before the first hook runs. `cruft update` keeps the module of the old commit loaded while it renders
the new one, so the names that cookiecutter.json uses never change.
"""

import json
import keyword
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cookiecutter.exceptions import FailedHookException, OutputDirExistsException
from jinja2 import Environment
from jinja2.ext import Extension

from hooks.reserved_names import (
    BESIDE_THE_PACKAGE,
    INSTALLED,
    SOFT_KEYWORDS,
    STANDARD_LIBRARY,
    WINDOWS_DEVICES,
)

QUESTIONS = Path(__file__).parent.parent / "cookiecutter.json"

TEXT = ("project_name", "project_slug", "package_name", "description", "author_name", "author_email")
FREE_TEXT = ("project_name", "description", "author_name")
PROJECT_SLUG = re.compile(r"[a-z]([a-z0-9-]{0,98}[a-z0-9])?")
PACKAGE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
# What HTML accepts in a field for e-mail addresses, and at least two labels in the domain.
EMAIL = re.compile(
    r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
    r"@([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])"
)


class Rule(NamedTuple):
    """One reason to refuse the answer to some questions."""

    questions: tuple[str, ...]
    refuses: Callable[[str], bool]
    reason: str
    wanted: str


def folded(name: str) -> str:
    return name.lower().replace("-", "_")


def has_category(text: str, *categories: str) -> bool:
    return any(unicodedata.category(character) in categories for character in text)


SLUG = "use a-z, 0-9 and -, a letter first and no - last, 100 characters at most"
IDENTIFIER = "use an ASCII identifier that starts with a letter, 40 characters at most"
OTHER_NAME = "choose another, such as 'my_service'"
OTHER_SLUG = "choose another, such as 'my-service'"

TEMPLATE_TAG = Rule(
    TEXT,
    lambda text: any(tag in text for tag in ("{{", "{#", "{%")),
    "contains a tag of the template language",
    "leave out {{, {# and {%",
)

RULES = (
    Rule(
        TEXT,
        lambda text: has_category(text, "Cc", "Zl", "Zp"),
        "contains a control character or a line break",
        "use one line of plain text",
    ),
    Rule(TEXT, lambda text: has_category(text, "Cs"), "contains half of a surrogate pair", "use valid Unicode"),
    TEMPLATE_TAG,
    Rule(FREE_TEXT, lambda text: not text.strip(), "is empty", "write at least one character"),
    Rule(FREE_TEXT, lambda text: text != text.strip(), "starts or ends with white space", "leave that out"),
    Rule(("project_slug",), lambda slug: not PROJECT_SLUG.fullmatch(slug), "is not a name for a repository", SLUG),
    Rule(
        ("project_slug",),
        lambda slug: folded(slug) in INSTALLED,
        "is the name of a library that the project uses",
        OTHER_SLUG,
    ),
    Rule(
        ("project_slug",),
        lambda slug: slug in WINDOWS_DEVICES,
        "is the name of a device on Windows",
        OTHER_SLUG,
    ),
    Rule(("package_name",), lambda name: not PACKAGE_NAME.fullmatch(name), "is not a name for a package", IDENTIFIER),
    Rule(
        ("package_name",),
        lambda name: keyword.iskeyword(name) or name in SOFT_KEYWORDS,
        "is a keyword of Python",
        OTHER_NAME,
    ),
    Rule(
        ("package_name",),
        lambda name: folded(name) in STANDARD_LIBRARY | sys.stdlib_module_names,
        "is a module of the standard library",
        OTHER_NAME,
    ),
    Rule(
        ("package_name",),
        lambda name: folded(name) in INSTALLED,
        "is the name of a library that the project uses",
        OTHER_NAME,
    ),
    Rule(
        ("package_name",),
        lambda name: folded(name) in BESIDE_THE_PACKAGE,
        "is the name of something beside the package",
        OTHER_NAME,
    ),
    Rule(
        ("package_name",),
        lambda name: folded(name) in WINDOWS_DEVICES,
        "is the name of a device on Windows",
        OTHER_NAME,
    ),
    Rule(
        ("author_email",),
        lambda address: not EMAIL.fullmatch(address),
        "is not an e-mail address",
        "write it like you@example.com",
    ),
)

# Choices that do not go together: one, another, the reason, and what is wanted.
INCOMPATIBLE = (
    (("auth", "accounts"), ("database", "none"), "needs a database", "choose sqlite or postgresql as database"),
)


def refusal(answers: Mapping[str, Any]) -> str | None:
    """Return the sentence that refuses the answers, or None where they are accepted."""
    for rule in RULES:
        for question in rule.questions:
            if rule.refuses(answers[question]):
                return sentence(question, answers[question], rule.reason, rule.wanted)
    for question, choices in json.loads(QUESTIONS.read_text(encoding="utf-8")).items():
        if isinstance(choices, list) and not question.startswith("_") and answers[question] not in choices:
            return sentence(question, answers[question], "is not a choice", f"choose one of {', '.join(choices)}")
    for (question, choice), (other, refused), reason, wanted in INCOMPATIBLE:
        if (answers[question], answers[other]) == (choice, refused):
            return sentence(question, choice, reason, wanted)
    return None


def sentence(question: str, answer: str, reason: str, wanted: str) -> str:
    shown = answer if len(answer) <= 60 else f"{answer[:57]}..."
    return f"{question}: {shown!r} {reason}; {wanted}."


def folder(answers: Mapping[str, Any]) -> str:
    """Return the name of the project's folder, where the answers are accepted and the folder holds nothing."""
    if refused := refusal(answers):
        raise FailedHookException(refused)
    name: str = answers["project_slug"]
    # cruft does not say where the folder will be; hooks/pre_gen_project.py looks at it then.
    path = os.path.join(answers.get("_output_dir", os.devnull), name)
    if os.path.isdir(path) and set(os.listdir(path)) - {".git"}:
        raise OutputDirExistsException(
            f"{path} holds files already, and nothing was changed; "
            "render into another folder, or bring a rendered project up to date with `cruft update`."
        )
    return name


class Answers(Extension):
    """Check each template that cookiecutter makes of an answer, and the answers where they name the folder."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters["folder"] = folder
        self._rendered_next: Iterator[tuple[str, list[str]]] = iter(())

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Look at a template before it is compiled.

        An answer that was not typed (extra context, a user's config) is rendered as a template itself, and what it
        contained is gone thereafter. cookiecutter.json opens with `__begin`; from there on the templates come in the
        order of the questions, and one that is neither the default nor a choice is an answer.
        """
        if source == "{{cookiecutter.project_slug}}":
            return "{{ cookiecutter | folder }}"
        if source == "{{ 'the answers begin here' }}":
            self._rendered_next = rendered_after_begin()
        else:
            question, templates = next(self._rendered_next, ("", [source]))
            if source not in templates and TEMPLATE_TAG.refuses(source):
                raise FailedHookException(sentence(question, source, TEMPLATE_TAG.reason, TEMPLATE_TAG.wanted))
        return source


def rendered_after_begin() -> Iterator[tuple[str, list[str]]]:
    """Give each question, or private variable, once for each template that cookiecutter will make of it."""
    questions = json.loads(QUESTIONS.read_text(encoding="utf-8"))
    for question in list(questions)[list(questions).index("__begin") + 1 :]:
        templates = questions[question]
        if isinstance(templates, str) and re.match("__|[a-z]", question):
            yield question, [templates]
        elif isinstance(templates, list) and re.match("__|[a-z]", question):
            yield from ((question, templates) for _ in templates)
