"""Validate the answers before a folder is created, and escape them in the rendered files.

cookiecutter loads this module as a Jinja extension (`_extensions` in cookiecutter.json), because it creates the
project's folder before the first hook runs. `cruft update` keeps the module of the old commit loaded while it renders
the new one, so its interface is frozen: the class `Answers` and the filters `folder`, `escaped` and `markdown`
(docs/decisions/0024-options-are-folders-named-for-facts.md). cookiecutter 1 cannot load it, and prints its name.
"""

import inspect
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

from answers_for_cookiecutter_2.reserved_names import (
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
# The syntax of HTML's <input type="email">, with at least two labels in the domain.
EMAIL = re.compile(
    r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
    r"@([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])"
)


class Rule(NamedTuple):
    """A reason to reject the answer to some questions."""

    questions: tuple[str, ...]
    rejects: Callable[[str], bool]
    reason: str
    accepted: str


def folded(name: str) -> str:
    return name.lower().replace("-", "_")


def has_category(text: str, *categories: str) -> bool:
    return any(unicodedata.category(character) in categories for character in text)


SLUG = "use a-z, 0-9 and -, starting with a letter, not ending with -, 100 characters at most"
IDENTIFIER = "use an ASCII identifier that starts with a letter, 40 characters at most"
OTHER_NAME = "choose another name, for example 'my_service'"
OTHER_SLUG = "choose another name, for example 'my-service'"

TEMPLATE_TAG = Rule(
    TEXT,
    lambda text: any(tag in text for tag in ("{{", "{#", "{%")),
    "contains a Jinja tag",
    "remove {{, {# and {%",
)

RULES = (
    Rule(
        TEXT,
        lambda text: has_category(text, "Cc", "Zl", "Zp"),
        "contains a control character or a line break",
        "use one line of plain text",
    ),
    Rule(TEXT, lambda text: has_category(text, "Cs"), "contains an unpaired surrogate", "use valid Unicode"),
    TEMPLATE_TAG,
    Rule(FREE_TEXT, lambda text: not text.strip(), "is empty", "write at least one character"),
    Rule(FREE_TEXT, lambda text: text != text.strip(), "starts or ends with whitespace", "remove it"),
    Rule(("project_slug",), lambda slug: not PROJECT_SLUG.fullmatch(slug), "is not a valid repository name", SLUG),
    Rule(
        ("project_slug",),
        lambda slug: folded(slug) in INSTALLED,
        "is the name of a library that the project uses",
        OTHER_SLUG,
    ),
    Rule(
        ("project_slug",),
        lambda slug: slug in WINDOWS_DEVICES,
        "is a reserved name on Windows",
        OTHER_SLUG,
    ),
    Rule(("package_name",), lambda name: not PACKAGE_NAME.fullmatch(name), "is not a valid package name", IDENTIFIER),
    Rule(
        ("package_name",),
        lambda name: keyword.iskeyword(name) or name in SOFT_KEYWORDS,
        "is a Python keyword",
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
        "clashes with a top-level file or folder",
        OTHER_NAME,
    ),
    Rule(
        ("package_name",),
        lambda name: folded(name) in WINDOWS_DEVICES,
        "is a reserved name on Windows",
        OTHER_NAME,
    ),
    Rule(
        ("author_email",),
        lambda address: not EMAIL.fullmatch(address),
        "is not an e-mail address",
        "use an address such as you@example.com",
    ),
)


class Requirement(NamedTuple):
    """A choice that requires a choice of another question, and is rejected or omitted without it."""

    question: str
    choice: str
    needs: str
    accepted: tuple[str, ...]
    reason: str
    is_omitted: bool = False


REQUIREMENTS = (
    Requirement("auth", "accounts", "database", ("sqlite", "postgresql"), "stores accounts in tables"),
    Requirement("example", "posts", "database", ("sqlite", "postgresql"), "stores posts in a table", is_omitted=True),
    Requirement("jobs", "database", "database", ("sqlite", "postgresql"), "stores jobs in a table"),
    Requirement("jobs", "celery", "database", ("sqlite", "postgresql"), "stores jobs in a table"),
    Requirement("mail", "smtp", "jobs", ("database", "celery"), "is sent by jobs"),
    # A skeleton has no options: a default is omitted, and a choice is rejected.
    Requirement("database", "sqlite", "profile", ("service",), "is an option of a service", is_omitted=True),
    Requirement("database", "postgresql", "profile", ("service",), "is an option of a service"),
    Requirement("example", "posts", "profile", ("service",), "is an option of a service", is_omitted=True),
    Requirement("auth", "accounts", "profile", ("service",), "is an option of a service"),
    Requirement("metrics", "prometheus", "profile", ("service",), "is an option of a service"),
    Requirement("jobs", "database", "profile", ("service",), "is an option of a service"),
    Requirement("jobs", "celery", "profile", ("service",), "is an option of a service"),
    Requirement("mail", "smtp", "profile", ("service",), "is an option of a service"),
    Requirement("pages", "html", "profile", ("service",), "is an option of a service"),
    Requirement("container", "docker", "profile", ("service",), "is an option of a service", is_omitted=True),
    Requirement("container", "kubernetes", "profile", ("service",), "is an option of a service"),
    Requirement("container", "kubernetes", "database", ("postgresql", "none"), "starts several instances"),
    Requirement("ci", "github", "profile", ("service",), "is an option of a service", is_omitted=True),
    Requirement("ci", "gitlab", "profile", ("service",), "is an option of a service"),
)


def errors_of(answers: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each invalid answer, and for each that lacks a required choice."""
    choices = {
        question: default
        for question, default in json.loads(QUESTIONS.read_text(encoding="utf-8")).items()
        if isinstance(default, list) and not question.startswith("_")
    }
    errors = {}
    for rule in RULES:
        for question in rule.questions:
            if question not in errors and rule.rejects(answers[question]):
                errors[question] = sentence(question, answers[question], rule.reason, rule.accepted)
    for question, offered in choices.items():
        if answers[question] not in offered:
            accepted = f"choose one of {', '.join(offered)}"
            errors[question] = sentence(question, answers[question], "is not a choice", accepted)
    missing = [
        sentence(each.question, each.choice, each.reason, f"choose {' or '.join(each.accepted)} as {each.needs}")
        for each in REQUIREMENTS
        if answers[each.question] == each.choice and each.needs not in errors and not each.is_omitted
        if answers[each.needs] not in each.accepted
    ]
    return [*errors.values(), *missing]


def sentence(question: str, answer: str, reason: str, accepted: str) -> str:
    shown = answer if len(answer) <= 60 else f"{answer[:57]}..."
    return f"{question}: {shown!r} {reason}; {accepted}."


HOOKS_REQUIRED = "The hooks of this template choose the files of the project: accept them, as with --accept-hooks yes."


def hooks_are_disabled() -> bool:
    """Return whether cookiecutter will run no hooks, which it stores in a local variable only."""
    frame = inspect.currentframe()
    while frame:
        if frame.f_code.co_name == "generate_files" and frame.f_locals.get("accept_hooks") is False:
            return True
        frame = frame.f_back
    return False


def folder(answers: Mapping[str, Any]) -> str:
    """Return the name of the project's folder if the answers are valid and the folder is empty."""
    if errors := errors_of(answers):
        raise FailedHookException("\n".join(errors))
    if hooks_are_disabled():
        raise FailedHookException(HOOKS_REQUIRED)
    name: str = answers["project_slug"]
    # cruft does not pass the output directory; hooks/pre_gen_project.py checks it then.
    path = os.path.join(answers.get("_output_dir", os.devnull), name)
    if os.path.isdir(path) and set(os.listdir(path)) - {".git"}:
        raise OutputDirExistsException(
            f"{path} holds files already, and nothing was changed; "
            "render into another folder, or bring a rendered project up to date with `cruft update`."
        )
    return name


def escaped(text: str) -> str:
    """Escape a text for a double-quoted string in Python or TOML."""
    return text.replace("\\", "\\\\").replace('"', "\\u0022")


def markdown(text: str) -> str:
    """Escape a text for a line of Markdown."""
    return re.sub(r"[\\`*_\[<&~#]", r"\\\g<0>", text)


class Answers(Extension):
    """Check each answer before cookiecutter renders it as a template, and all answers before it creates the folder."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters.update(folder=folder, escaped=escaped, markdown=markdown)
        self._rendered_next: Iterator[tuple[str, list[str]]] = iter(())

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Reject template tags in an answer before it is compiled.

        cookiecutter renders answers from the command line or the user's config as templates, so tags in them are no
        longer visible afterwards. From `__begin` in cookiecutter.json on, templates arrive in the order of the
        questions; one that is neither the default nor a choice is an answer.
        """
        if source == "{{cookiecutter.project_slug}}":
            return "{{ cookiecutter | folder }}"
        if source == "{{ 'the answers begin here' }}":
            self._rendered_next = rendered_after_begin()
        else:
            question, templates = next(self._rendered_next, ("", [source]))
            if source not in templates and TEMPLATE_TAG.rejects(source):
                raise FailedHookException(sentence(question, source, TEMPLATE_TAG.reason, TEMPLATE_TAG.accepted))
        return source


def rendered_after_begin() -> Iterator[tuple[str, list[str]]]:
    """Yield each question or private variable, once for each template that cookiecutter compiles for it."""
    questions = json.loads(QUESTIONS.read_text(encoding="utf-8"))
    for question in list(questions)[list(questions).index("__begin") + 1 :]:
        templates = questions[question]
        if isinstance(templates, str) and re.match("__|[a-z]", question):
            yield question, [templates]
        elif isinstance(templates, list) and re.match("__|[a-z]", question):
            yield from ((question, templates) for _ in templates)
