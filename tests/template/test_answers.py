"""Which answers are refused, with which sentence, and that nothing is left behind."""

import json
import subprocess
import sys
import unicodedata

import pytest

import answers_for_cookiecutter_2 as answers
from answers_for_cookiecutter_2.reserved_names import BESIDE_THE_PACKAGE, INSTALLED, SOFT_KEYWORDS, STANDARD_LIBRARY
from tests.support.interpreters import interpreters
from tests.support.rendering import QUESTIONS, TEMPLATE, Workplace

ACCEPTED = {
    "project_name": "My Service",
    "project_slug": "my-service",
    "package_name": "my_service",
    "description": "A web service",
    "author_name": "Your Name",
    "author_email": "you@example.com",
    "framework": "flask",
    "profile": "service",
    "database": "sqlite",
    "example": "posts",
    "auth": "none",
    "metrics": "none",
    "jobs": "none",
    "mail": "none",
    "pages": "none",
    "container": "docker",
    "ci": "github",
    "license": "MIT",
}

REFUSED = [
    ("project_name", "", "is empty"),
    ("project_name", " padded", "starts or ends with whitespace"),
    ("description", "two\nlines", "contains a control character or a line break"),
    ("description", "a tab\there", "contains a control character or a line break"),
    ("description", "a \N{LINE SEPARATOR} b", "contains a control character or a line break"),
    ("description", "a \N{PARAGRAPH SEPARATOR} b", "contains a control character or a line break"),
    ("description", "a \x7f b", "contains a control character or a line break"),
    ("description", "half \udc80 a pair", "contains an unpaired surrogate"),
    ("description", "{{ 7 * 7 }}", "contains a Jinja tag"),
    ("description", "{% raw %}", "contains a Jinja tag"),
    ("description", "{# remark #}", "contains a Jinja tag"),
    ("author_name", "  ", "is empty"),
    ("project_slug", "my-app!", "is not a valid repository name"),
    ("project_slug", "1app", "is not a valid repository name"),
    ("project_slug", "My-App", "is not a valid repository name"),
    ("project_slug", "my_app", "is not a valid repository name"),
    ("project_slug", "my-app-", "is not a valid repository name"),
    ("project_slug", "naïve", "is not a valid repository name"),
    ("project_slug", "../evil", "is not a valid repository name"),
    ("project_slug", "a/b", "is not a valid repository name"),
    ("project_slug", "..", "is not a valid repository name"),
    ("project_slug", "/evil", "is not a valid repository name"),
    ("project_slug", "a" * 101, "is not a valid repository name"),
    ("project_slug", "pydantic-settings", "is the name of a library that the project uses"),
    ("project_slug", "con", "is a reserved name on Windows"),
    ("project_slug", "lpt1", "is a reserved name on Windows"),
    ("package_name", "my-app", "is not a valid package name"),
    ("package_name", "1app", "is not a valid package name"),
    ("package_name", "_app", "is not a valid package name"),
    ("package_name", "naïve", "is not a valid package name"),
    ("package_name", "my.app", "is not a valid package name"),
    ("package_name", "a" * 41, "is not a valid package name"),
    ("package_name", "class", "is a Python keyword"),
    ("package_name", "None", "is a Python keyword"),
    ("package_name", "match", "is a Python keyword"),
    ("package_name", "type", "is a Python keyword"),
    ("package_name", "os", "is a module of the standard library"),
    ("package_name", "asyncore", "is a module of the standard library"),
    ("package_name", "annotationlib", "is a module of the standard library"),
    ("package_name", "flask", "is the name of a library that the project uses"),
    ("package_name", "Flask", "is the name of a library that the project uses"),
    ("package_name", "fastapi_cli", "is the name of a library that the project uses"),
    ("package_name", "asgi", "clashes with a top-level file or folder"),
    ("package_name", "Tests", "clashes with a top-level file or folder"),
    ("package_name", "conftest", "clashes with a top-level file or folder"),
    ("package_name", "env", "clashes with a top-level file or folder"),
    ("package_name", "nul", "is a reserved name on Windows"),
    ("author_email", "", "is not an e-mail address"),
    ("author_email", "you", "is not an e-mail address"),
    ("author_email", "you@localhost", "is not an e-mail address"),
    ("author_email", "you@-example.com", "is not an e-mail address"),
    ("author_email", "you two@example.com", "is not an e-mail address"),
    ("author_email", 'you"@example.com', "is not an e-mail address"),
    ("author_email", "you@example.com>", "is not an e-mail address"),
    ("framework", "django", "is not a choice"),
    ("license", "mit", "is not a choice"),
]


def test_accepted_answers_are_the_defaults_and_every_question() -> None:
    asked = [question for question in QUESTIONS if not question.startswith("_")]

    assert list(ACCEPTED) == asked
    assert answers.errors_of(ACCEPTED) == []


@pytest.mark.parametrize(("question", "answer", "reason"), REFUSED, ids=lambda value: ascii(value)[:40])
def test_bad_answer_is_refused_with_its_sentence(question: str, answer: str, reason: str) -> None:
    (refused,) = answers.errors_of(ACCEPTED | {question: answer})

    assert refused.startswith(f"{question}: ")
    assert f" {reason}; " in refused
    assert not any(unicodedata.category(character) in {"Cc", "Cs"} for character in refused)


def test_every_rule_refuses_something() -> None:
    reasons = {reason for _, _, reason in REFUSED}

    assert reasons == {rule.reason for rule in answers.RULES} | {"is not a choice"}


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("project_name", "x"),
        ("description", "quotes \" ' and \\ backslashes, $(x) %s <b> `c` 🚀 שלום"),
        ("description", "d" * 500),
        ("author_name", "Zoë O'Neill"),
        ("project_slug", "a"),
        ("project_slug", "a" * 100),
        ("project_slug", "a1-2--b"),
        ("package_name", "app"),
        ("package_name", "MyApp"),
        ("package_name", "a" * 40),
        ("author_email", "first.last+tag@mail.example.co.uk"),
        ("author_email", "o'neill@example.com"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_good_answer_is_accepted(question: str, answer: str) -> None:
    assert answers.errors_of(ACCEPTED | {question: answer}) == []


def test_all_that_is_wrong_is_reported_at_once() -> None:
    wrong = {"package_name": "class", "author_email": "you", "auth": "accounts", "database": "none"}

    assert [error.partition(":")[0] for error in answers.errors_of(ACCEPTED | wrong)] == [
        "package_name",
        "author_email",
        "auth",
    ]


@pytest.mark.parametrize("python", interpreters())
def test_names_of_the_language_are_the_same_on_every_python(python: str) -> None:
    code = "import json, keyword, sys; print(json.dumps([sorted(sys.stdlib_module_names), keyword.softkwlist]))"
    listed = subprocess.run([interpreters()[python], "-c", code], capture_output=True, check=True)
    modules, soft_keywords = json.loads(listed.stdout)

    assert {name for name in modules if not name.startswith("_")} <= STANDARD_LIBRARY | sys.stdlib_module_names
    assert set(soft_keywords) <= SOFT_KEYWORDS


def test_reserved_names_are_folded() -> None:
    for name in INSTALLED | BESIDE_THE_PACKAGE | STANDARD_LIBRARY:
        assert name == answers.folded(name)


# What cookiecutter makes of a refusal. One of each kind is enough; the sentences are tested above.


@pytest.mark.parametrize(
    ("question", "answer", "shown"),
    [
        ("project_name", "1app", "project_slug: '1app'"),
        ("project_name", "🚀", "project_slug: ''"),
        ("project_slug", "../evil", "project_slug: '../evil'"),
        ("project_slug", "a/b/c", "project_slug: 'a/b/c'"),
        ("package_name", "class", "package_name: 'class'"),
        ("description", "{{ 7 * 7 }}", "description: '{{ 7 * 7 }}'"),
        ("author_name", "{{ 7 *", "author_name: '{{ 7 *'"),
        ("author_email", "{% x", "author_email: '{% x'"),
        ("author_email", "you", "author_email: 'you'"),
        ("description", "x" * 100 + "\n", f"description: '{'x' * 57}...'"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_refusal_is_a_line_for_each_answer_and_leaves_nothing(
    workplace: Workplace, question: str, answer: str, shown: str
) -> None:
    done = workplace.cookiecutter(**{question: answer})

    assert done.returncode == 1
    assert done.stderr == ""
    assert done.stdout.startswith(shown)
    # A package takes its name from the project, and a bad one with it.
    lines = done.stdout.splitlines()
    assert [line.partition(":")[0] for line in lines[1:]] == ["package_name"] * (len(lines) - 1)
    assert workplace.left() == []


def test_tag_in_the_user_configuration_is_refused(workplace: Workplace) -> None:
    workplace.configure(author_name="{{ cookiecutter.project_name }}")

    assert workplace.cookiecutter().stdout.startswith("author_name: '{{ cookiecutter.project_name }}'")
    assert workplace.left() == []


@pytest.mark.parametrize("slug", ["../evil", "a/b", "Upper"])
def test_replayed_answers_are_checked_before_a_folder_exists(workplace: Workplace, slug: str) -> None:
    workplace.render()
    (replayed,) = (workplace.root / "replay").iterdir()
    recorded = json.loads(replayed.read_text())
    recorded["cookiecutter"]["project_slug"] = slug
    edited = workplace.root / "config" / "edited.json"
    edited.parent.mkdir()
    edited.write_text(json.dumps(recorded))
    before = workplace.left()

    done = workplace.run("cookiecutter", TEMPLATE, "--replay-file", edited)

    assert done.returncode == 1
    assert done.stdout.startswith(f"project_slug: '{slug}'")
    assert workplace.left() == before


@pytest.mark.parametrize("force", [False, True], ids=["plain", "forced"])
def test_folder_with_files_is_left_alone(workplace: Workplace, force: bool) -> None:
    precious = workplace.output / "my-service" / "asgi.py"
    precious.parent.mkdir()
    precious.write_text("precious")

    done = workplace.cookiecutter(*["--overwrite-if-exists"] * force)

    assert done.returncode == 1
    assert done.stdout.startswith(f"{precious.parent} holds files already, and nothing was changed; ")
    assert "`cruft update`" in done.stdout
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
    assert [path.name for path in precious.parent.iterdir()] == ["asgi.py"]
    assert precious.read_text() == "precious"


def test_folder_that_holds_a_repository_only_is_rendered_into(workplace: Workplace) -> None:
    repository = workplace.output / "my-service"
    workplace.run("git", "init", repository)
    head = (repository / ".git" / "HEAD").read_bytes()

    assert workplace.cookiecutter("--overwrite-if-exists").returncode == 0

    assert (repository / ".git" / "HEAD").read_bytes() == head
    assert (repository / "asgi.py").exists()


@pytest.mark.parametrize(("choice", "typed"), [("no", None), ("ask", "n\n")])
def test_hooks_are_required(workplace: Workplace, choice: str, typed: str | None) -> None:
    done = workplace.run("cookiecutter", TEMPLATE, "--no-input", "--accept-hooks", choice, typed=typed)

    assert done.returncode == 1
    assert done.stdout.endswith(f"{answers.HOOKS_REQUIRED}\n")
    assert workplace.left() == []


def test_python_package_named_hooks_does_not_interfere(workplace: Workplace) -> None:
    (workplace.output / "hooks").mkdir()
    (workplace.output / "hooks" / "__init__.py").touch()

    done = workplace.run("python", "-m", "cookiecutter", TEMPLATE, "--no-input")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (workplace.output / "my-service" / "pyproject.toml").exists()
