"""The template before it is rendered: every file is valid in its own language, and the overlays mirror each other."""

import ast
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.support.rendering import FRAMEWORKS, LICENSES, QUESTIONS, TEMPLATE, template_files

ROOT = TEMPLATE / "{{cookiecutter.project_slug}}"
SOURCES = [path.relative_to(ROOT) for path in template_files()]
OVERLAYS = {framework: ROOT / "_frameworks" / framework for framework in FRAMEWORKS}
PACKAGE = "{{cookiecutter.package_name}}"

# They spell the package's name, which has no spelling before it is rendered.
NOT_PYTHON_YET = {
    "_frameworks/fastapi/asgi.py",
    "_frameworks/flask/wsgi.py",
    "migrations/env.py",
    "tests/conftest.py",
}
# What a framework has and the other one has not, for a reason.
ONE_SIDED = {
    "fastapi": {
        "asgi.py",
        "tests/event_loop.py",  # clients of Flask have none
        f"{PACKAGE}/about/router.py",
        f"{PACKAGE}/accounts/router.py",
        f"_auth/accounts/{PACKAGE}/posts/router.py",
        f"_auth/none/{PACKAGE}/posts/router.py",
        f"{PACKAGE}/requests.py",  # Flask's operations read JSON by themselves
        "tests/accounts/test_sockets.py",  # WSGI has no WebSockets
        "tests/test_fastapi.py",
        "tests/test_fastapi_database.py",
        "tests/test_websockets.py",
    },
    # FastAPI reads signatures by itself.
    "flask": {
        "wsgi.py",
        f"{PACKAGE}/about/views.py",
        f"{PACKAGE}/operations.py",
        f"{PACKAGE}/wsgi_to_asgi.py",  # the server speaks ASGI
        f"{PACKAGE}/flask_cli.py",  # FastAPI has no commands of an application
        f"{PACKAGE}/accounts/views.py",
        f"_auth/accounts/{PACKAGE}/posts/views.py",
        f"_auth/none/{PACKAGE}/posts/views.py",
        "tests/accounts/test_flask_accounts.py",
        "tests/posts/test_flask_export.py",
        "tests/test_flask_database.py",
        "tests/test_flask.py",
        "tests/test_wsgi_to_asgi.py",
    },
}
# What a file defines for one framework only, for a reason.
ONE_SIDED_NAMES = {
    "fastapi": {
        "HeadAnswered",  # a stream is ended from outside; WSGI servers take no part of it
        "release_frames",
        "unbroken",  # threads are not cancelled
        "allowed_methods",  # Flask names the methods of all rules
        "FairPool",  # threads are served in the order of arrival by SQLAlchemy's own
        "lifespan",  # connections belong to an event loop, and end with it
        "CountedRoute",  # Flask has functions that run after requests, whatever came of them
        "read_headers",  # WSGI servers have read them
        "set_context",
        "path_template",  # a function of Flask's operations
        "WebSocketConnection",  # WSGI has none, nor what follows
        "answer_invalid_handshake",
        "TokenScheme",
        "answer_invalid_response",  # pydantic's own error, which Flask's operations raise, hides the data
    },
    "flask": {
        "literal",  # Starlette compares origins as they are
        "RequestUnit",  # FastAPI ends what its dependencies have begun
        "TransactionalFlask",
        "current_unit",
        "tell_attempts_left",
        "describe_security",  # FastAPI describes what is a dependency
        "LimitedInput",  # ASGI hands the body over in messages, which the exchange counts
        "answer_unhandled_error",  # with FastAPI, such errors reach the middleware
        "operation",  # a function of the tests: FastAPI takes any function for an operation
    },
}
# FastAPI makes its document, and only has to be told what it cannot know.
NOT_TWINS = {f"{PACKAGE}/openapi.py"}
TAG = re.compile(r"^ *# \{% (if [^%]*|endif|raw|endraw) %\}$")


@pytest.mark.parametrize("source", [str(path) for path in SOURCES if path.suffix == ".py"])
def test_python_parses_before_rendering(source: str) -> None:
    text = (ROOT / source).read_text(encoding="utf-8")

    if source in NOT_PYTHON_YET:
        with pytest.raises(SyntaxError):
            ast.parse(text)
    else:
        ast.parse(text)


def test_hooks_parse_before_rendering() -> None:
    for hook in (TEMPLATE / "hooks").glob("*.py"):
        ast.parse(hook.read_text(encoding="utf-8"))


@pytest.mark.parametrize("source", [str(path) for path in SOURCES if path.suffix == ".toml"])
def test_toml_parses_before_rendering(source: str) -> None:
    tomllib.loads((ROOT / source).read_text(encoding="utf-8"))


@pytest.mark.parametrize("source", [str(path) for path in SOURCES])
def test_control_tags_are_comments_on_lines_of_their_own(source: str) -> None:
    for line in (ROOT / source).read_text(encoding="utf-8").splitlines():
        if "{%" in line or "{#" in line:
            assert TAG.match(line)


@pytest.mark.parametrize("source", [str(path) for path in SOURCES if path.suffix == ".py"])
def test_control_tags_are_not_nested_and_not_around_definitions(source: str) -> None:
    inside = False
    for line in (ROOT / source).read_text(encoding="utf-8").splitlines():
        if "# {% if" in line:
            assert not inside
            inside = True
        elif "# {% endif" in line:
            inside = False
        elif inside:
            # Imports may be tagged: what is chosen changes nothing of how their neighbours are formatted.
            assert not re.match(r" *(def|async def|class|@)\b", line)


def test_overlays_mirror_each_other() -> None:
    names = {
        framework: {path.relative_to(overlay).as_posix() for path in overlay.rglob("*.py")}
        for framework, overlay in OVERLAYS.items()
    }

    for framework, one_sided in ONE_SIDED.items():
        others = set.union(*(names[other] for other in FRAMEWORKS if other != framework))
        assert names[framework] - others == one_sided


def public_docstrings(path: Path) -> dict[str, str | None]:
    nodes = ast.parse(path.read_text(encoding="utf-8")).body
    defined = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    return {node.name: ast.get_docstring(node) for node in defined if not node.name.startswith("_")}


def twins() -> list[str]:
    fastapi, flask = (OVERLAYS[framework] for framework in ("fastapi", "flask"))
    names = (path.relative_to(fastapi).as_posix() for path in sorted(fastapi.rglob("*.py")))
    return [name for name in names if (flask / name).exists() and name not in NOT_TWINS]


@pytest.mark.parametrize("name", twins())
def test_overlays_define_the_same_names_in_the_same_order(name: str) -> None:
    shared = []
    for framework, overlay in OVERLAYS.items():
        shared.append([each for each in public_docstrings(overlay / name) if each not in ONE_SIDED_NAMES[framework]])

    assert shared[0] == shared[1]


def test_one_sided_names_are_still_there() -> None:
    for framework, overlay in OVERLAYS.items():
        defined = {each for name in twins() for each in public_docstrings(overlay / name)}
        assert ONE_SIDED_NAMES[framework] <= defined


@pytest.mark.parametrize("name", [name for name in twins() if name.startswith(PACKAGE)])
def test_overlays_have_the_same_docstrings(name: str) -> None:
    fastapi, flask = (public_docstrings(OVERLAYS[framework] / name) for framework in ("fastapi", "flask"))

    for each in fastapi.keys() & flask.keys():
        assert fastapi[each] == flask[each]


def test_no_overlay_hides_a_shared_file() -> None:
    for overlay in OVERLAYS.values():
        for path in overlay.rglob("*"):
            assert path.is_dir() or not (ROOT / path.relative_to(overlay)).exists()


def test_every_licence_has_its_text() -> None:
    assert sorted(path.name for path in (ROOT / "_licenses").iterdir()) == sorted(LICENSES)


def test_every_question_has_a_prompt() -> None:
    asked = [question for question in QUESTIONS if not question.startswith("_")]

    assert list(QUESTIONS["__prompts__"]) == asked


def test_every_derived_variable_is_used() -> None:
    everything = "".join(path.read_text(encoding="utf-8") for path in map(ROOT.joinpath, SOURCES))
    everything += json.dumps(QUESTIONS)

    for variable in QUESTIONS:
        if variable.startswith("__") and variable not in {"__prompts__", "__begin"}:
            assert f"cookiecutter.{variable}" in everything


# Except for the server, which nothing in the root imports.
@pytest.mark.parametrize(
    "source", [str(path) for path in SOURCES if PACKAGE in path.parts and path.name != "server.py"]
)
def test_no_module_imports_the_package_root(source: str) -> None:
    inside = Path(source).parts[Path(source).parts.index(PACKAGE) + 1 :]
    modules = {path.stem for path in SOURCES if path.parent.name == PACKAGE}
    modules |= {path.parent.name for path in SOURCES if path.parent.parent.name == PACKAGE}

    for node in ast.walk(ast.parse((ROOT / source).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == len(inside) and node.module is None:
            assert {alias.name for alias in node.names} <= modules


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


def test_hook_removes_only_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        functions_of_the_hook()["prune"](str(tmp_path / "nothing"))
