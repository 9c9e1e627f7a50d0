"""The template before it is rendered: every file is valid in its own language, and options are named for facts."""

import ast
import json
import re
import tomllib
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support.rendering import FRAMEWORKS, LICENSES, OPTIONS, PACKAGE, PROJECT, QUESTIONS, TEMPLATE, template_files
from tests.support.template import compiled
from tests.support.variants import combinations

SOURCES = [path.relative_to(PROJECT).as_posix() for path in template_files()]
FRAGMENTS = [path.relative_to(TEMPLATE).as_posix() for path in (TEMPLATE / "templates").rglob("*") if path.is_file()]
# cookiecutter copies the templates of pages: their tags are Jinja's own.
RENDERED = [
    source for source in SOURCES if not any(fnmatch(source, pattern) for pattern in QUESTIONS["_copy_without_render"])
]
FOLDERS = sorted(path.name for path in OPTIONS.iterdir())

# What a framework has and the other one has not, for a reason.
ONE_SIDED = {
    "fastapi": {
        "asgi.py",
        "tests/support/event_loop.py",  # clients of Flask have none
        f"{PACKAGE}/about/router.py",
        f"{PACKAGE}/accounts/email_router.py",
        f"{PACKAGE}/accounts/router.py",
        f"{PACKAGE}/posts/router.py",
        f"{PACKAGE}/pages/router.py",
        f"{PACKAGE}/pages/static_files.py",  # Flask serves them by itself
        f"{PACKAGE}/pages/account_router.py",
        f"{PACKAGE}/pages/email_router.py",
        f"{PACKAGE}/pages/middleware.py",  # Flask has functions that run after requests
        f"{PACKAGE}/pages/post_router.py",
        f"{PACKAGE}/pages/rendering.py",  # Flask renders and shows messages by itself
        f"{PACKAGE}/web/requests.py",  # Flask's operations read JSON by themselves
        "tests/accounts/test_sockets.py",  # WSGI has no WebSockets
        "tests/posts/test_fastapi_posts.py",
        "tests/pages/test_fastapi_pages.py",
        "tests/pages/test_form_pages.py",  # Flask ignores the encoding that a form names
        "tests/test_fastapi.py",
        "tests/database/test_fastapi_session.py",
        "tests/web/test_websockets.py",
    },
    # FastAPI reads signatures by itself.
    "flask": {
        "wsgi.py",
        f"{PACKAGE}/about/views.py",
        f"{PACKAGE}/web/operations.py",
        f"{PACKAGE}/cli/wsgi_to_asgi.py",  # the server speaks ASGI
        f"{PACKAGE}/cli/flask_cli.py",  # FastAPI has no commands of an application
        f"{PACKAGE}/accounts/email_views.py",
        f"{PACKAGE}/accounts/views.py",
        f"{PACKAGE}/posts/views.py",
        f"{PACKAGE}/pages/views.py",
        f"{PACKAGE}/pages/account_views.py",
        f"{PACKAGE}/pages/email_views.py",
        f"{PACKAGE}/pages/post_views.py",
        f"{PACKAGE}/pages/responses.py",  # FastAPI's are completed by a middleware
        "tests/accounts/test_flask_accounts.py",
        "tests/posts/test_flask_posts.py",
        "tests/database/test_flask_session.py",
        "tests/support/flask_fixtures.py",
        "tests/pages/test_flask_pages.py",
        "tests/test_flask.py",
        "tests/web/test_operations.py",
        "tests/cli/test_wsgi_to_asgi.py",
    },
}
# What a file defines for one framework only, for a reason.
ONE_SIDED_NAMES = {
    "fastapi": {
        "HeadAnswered",  # a stream is ended from outside; WSGI servers take no part of it
        "release_frames",
        "shielded",  # threads are not cancelled
        "allowed_methods",  # Flask names the methods of all rules
        "FairPool",  # threads are served in the order of arrival by SQLAlchemy's own
        "lifespan",  # connections belong to an event loop, and end with it
        "RateLimitedRoute",  # Flask has functions that run after requests, whatever came of them
        "read_headers",  # WSGI servers have read them
        "set_context",
        "path_template",  # a function of Flask's operations
        "WebSocketConnection",  # WSGI has none, nor what follows
        "handle_invalid_handshake",
        "TokenScheme",
        "RotatingSessionMiddleware",  # Flask reads SECRET_KEY_FALLBACKS
        "has_login",  # a template of Flask needs no request
        "typed_values",  # a form of Flask has been read
        "AsyncRun",  # Flask's coroutine functions have the sessions of threads
        "BlockingDatabase",  # that of Flask's application works in threads
        "handle_invalid_response",  # pydantic's own error, which Flask's operations raise, hides the data
    },
    "flask": {
        "add_cors_headers",  # Starlette's middleware completes each response
        "require_user",  # a dependency of FastAPI is a decorator as well
        "literal",  # Starlette compares origins as they are
        "ContextUnit",  # FastAPI ends what its dependencies have begun
        "TransactionalFlask",
        "current_unit",
        "ended_by_errors",  # an error ends the transaction of a dependency by itself
        "end_context_unit",
        "add_rate_limit_headers",
        "LimitedRequest",  # Werkzeug limits what a view reads
        "LimitedInput",  # ASGI hands the body over in messages, which the exchange counts
        "handle_unhandled_error",  # with FastAPI, such errors reach the middleware
        "operation",  # a function of the tests: FastAPI takes any function for an operation
    },
}
# FastAPI makes its document, and only has to be told what it cannot know.
NOT_TWINS = {f"{PACKAGE}/openapi/document.py"}
# A condition is that a word is a fact, of two at most; what is assembled has a fragment for each fact.
FACT = r'"([\w.-]+)" (?:not )?in cookiecutter\.__facts'
CONDITION = rf"if {FACT}(?: (?:and|or) {FACT})?"
LOOP = r"for fact in cookiecutter\.__facts"
INCLUDE = (
    r'include "[\w/-]+/" ~ (?:fact|cookiecutter\.framework|cookiecutter\.database)(?: ~ "\.md")?(?: ignore missing)?'
)
TAG = re.compile(rf" *# \{{% (?:{CONDITION}|endif|{LOOP}|endfor|{INCLUDE}) %\}}")
RAW = re.compile(r"^ *# \{% raw -?%\}\n.*?^ *# \{% endraw %\}\n", re.DOTALL | re.MULTILINE)


def text_of(source: str) -> str:
    return (PROJECT / source).read_text(encoding="utf-8")


def python_of(source: str) -> str:
    """Return a file of Python with a name for the package, which has none before it is rendered."""
    return text_of(source).replace("{{ cookiecutter.package_name }}", "package_name")


@cache
def words_of_facts() -> list[str]:
    """Return every word that can be a fact, in the order of `__facts`."""
    return [
        word
        for position in range(len(QUESTIONS["__facts"]))
        for word in dict.fromkeys(facts[position] for facts in every_facts())
        if word
    ]


@cache
def every_facts() -> list[list[str]]:
    return [compiled().context(variant.answers)["__facts"] for variant in combinations()]


@pytest.mark.parametrize("folder", FOLDERS)
def test_folder_is_named_for_facts_in_their_order(folder: str) -> None:
    words, known = folder.split("+"), words_of_facts()

    assert set(words) <= set(known)
    assert words == sorted(words, key=known.index)
    assert len(words) <= 2
    assert any(set(facts).issuperset(words) for facts in every_facts()), "never promoted"


def test_conditions_ask_for_facts() -> None:
    for source in [*(PROJECT / source for source in SOURCES), *(TEMPLATE / fragment for fragment in FRAGMENTS)]:
        assert set(re.findall(FACT, source.read_text(encoding="utf-8"))) <= set(words_of_facts()), source


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_fragment_is_included(fragment: str) -> None:
    _, folder, name = re.fullmatch(r"(templates)/(.+)/([\w-]+)(?:\.md)?", fragment).groups()  # type: ignore[union-attr]  # it matches
    assembled = "".join(
        path.read_text(encoding="utf-8") for path in [*template_files(), *map(TEMPLATE.joinpath, FRAGMENTS)]
    )

    assert f'# {{% include "{folder}/" ~ ' in assembled
    assert name in words_of_facts()


@pytest.mark.parametrize("source", [source for source in SOURCES if source.endswith(".py")])
def test_python_parses_before_rendering(source: str) -> None:
    ast.parse(python_of(source))


def test_hooks_parse_before_rendering() -> None:
    for hook in (TEMPLATE / "hooks").glob("*.py"):
        ast.parse(hook.read_text(encoding="utf-8"))


@pytest.mark.parametrize("source", [source for source in SOURCES if source.endswith(".toml")])
def test_toml_parses_before_rendering(source: str) -> None:
    tomllib.loads(text_of(source))


@pytest.mark.parametrize("source", [*RENDERED, *(f"../{fragment}" for fragment in FRAGMENTS)])
def test_control_tags_are_comments_on_lines_of_their_own(source: str) -> None:
    # What is raw belongs to the templates of projects.
    for line in RAW.sub("", text_of(source)).splitlines():
        if "{%" in line or "{#" in line:
            assert TAG.fullmatch(line)


@pytest.mark.parametrize("source", [source for source in SOURCES if source.endswith(".py")])
def test_control_tags_are_not_nested_and_not_around_definitions(source: str) -> None:
    inside = False
    for line in text_of(source).splitlines():
        if "# {% if" in line:
            assert not inside
            inside = True
        elif "# {% endif" in line:
            inside = False
        elif inside:
            # Imports may be tagged: what is chosen changes nothing of how their neighbours are formatted.
            assert not re.match(r" *(def|async def|class|@)\b", line)


def files_for(framework: str) -> dict[str, Path]:
    """Return the files of Python that only a framework has, by their path in a project."""
    folders = [OPTIONS / folder for folder in FOLDERS if framework in folder.split("+")]
    return {path.relative_to(folder).as_posix(): path for folder in folders for path in folder.rglob("*.py")}


def test_frameworks_mirror_each_other() -> None:
    names = {framework: set(files_for(framework)) for framework in FRAMEWORKS}

    for framework, one_sided in ONE_SIDED.items():
        others = set.union(*(names[other] for other in FRAMEWORKS if other != framework))
        assert names[framework] - others == one_sided


def public_docstrings(path: Path) -> dict[str, str | None]:
    nodes = ast.parse(python_of(path.relative_to(PROJECT).as_posix())).body
    defined = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    return {node.name: ast.get_docstring(node) for node in defined if not node.name.startswith("_")}


def twins() -> list[str]:
    return sorted(files_for("fastapi").keys() & files_for("flask").keys() - NOT_TWINS)


@pytest.mark.parametrize("name", twins())
def test_frameworks_define_the_same_names_in_the_same_order(name: str) -> None:
    shared = []
    for framework in FRAMEWORKS:
        defined = public_docstrings(files_for(framework)[name])
        shared.append([each for each in defined if each not in ONE_SIDED_NAMES[framework]])

    assert shared[0] == shared[1]


def test_one_sided_names_are_still_there() -> None:
    for framework in FRAMEWORKS:
        defined = {each for name in twins() for each in public_docstrings(files_for(framework)[name])}
        assert ONE_SIDED_NAMES[framework] <= defined


@pytest.mark.parametrize("name", [name for name in twins() if name.startswith(PACKAGE)])
def test_frameworks_have_the_same_docstrings(name: str) -> None:
    fastapi, flask = (public_docstrings(files_for(framework)[name]) for framework in ("fastapi", "flask"))

    for each in fastapi.keys() & flask.keys():
        assert fastapi[each] == flask[each]


def test_every_licence_has_its_text() -> None:
    assert all((OPTIONS / license_ / "LICENSE").is_file() for license_ in LICENSES)


def test_every_question_has_a_prompt() -> None:
    asked = [question for question in QUESTIONS if not question.startswith("_")]

    assert list(QUESTIONS["__prompts__"]) == asked


def test_every_derived_variable_is_used() -> None:
    everything = "".join(map(text_of, SOURCES)) + json.dumps(QUESTIONS)
    everything += "".join((TEMPLATE / fragment).read_text(encoding="utf-8") for fragment in FRAGMENTS)

    for variable in QUESTIONS:
        if variable.startswith("__") and variable not in {"__prompts__", "__begin"}:
            assert f"cookiecutter.{variable}" in everything


def functions_of_the_hook() -> dict[str, Any]:
    """Return the functions of the hook that moves files; as a module, it would move those of this folder."""
    source = (TEMPLATE / "hooks" / "post_gen_project.py").read_text(encoding="utf-8")
    kept: list[ast.stmt] = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef | ast.Import)]
    namespace: dict[str, Any] = {}
    exec(compile(ast.Module(kept, []), "hook", "exec"), namespace)
    return namespace


def test_hook_overwrites_nothing(tmp_path: Path) -> None:
    for name in ("overlay", "project"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file.txt").write_text(name)

    with pytest.raises(FileExistsError, match=r"overlay.file\.txt would overwrite .*project.file\.txt"):
        functions_of_the_hook()["promote"](str(tmp_path / "overlay"), str(tmp_path / "project"))

    assert [(tmp_path / name / "file.txt").read_text() for name in ("overlay", "project")] == ["overlay", "project"]
