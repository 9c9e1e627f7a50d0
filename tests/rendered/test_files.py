"""Each variant's files: exactly those, the same bytes each time, and no trace of what was not chosen."""

import ast
import re
import tomllib
from itertools import zip_longest
from pathlib import Path

import pytest
from jinja2 import Environment
from mako.template import Template as MakoTemplate  # type: ignore[import-untyped]  # it has no types

from tests.support.documentation import blocks
from tests.support.rendering import QUESTIONS, TEMPLATE, Workplace, files, template_files
from tests.support.variants import Variant, behavioural_choices, context

pytestmark = pytest.mark.check("files")

# The words that only a project with this choice may contain.
WORDS: dict[tuple[str, str], list[str]] = {
    ("auth", "accounts"): [
        "account",
        "account_limit",
        "account_from_address_limit",
        "address_limit",
        "registration",
        "active_?user",
        "form(?!-action)",
        "security: Callable",
        "token",
        "argon2",
        "email-validator",
        "jwt",
        "rate_limit",
        "multipart",
        "oauth",
        "pwdlib",
    ],
    ("auth", "none"): [],
    ("database", "none"): [],
    ("database", "postgresql"): [
        "postgresql",
        "postgre",
        "pgserver",
        "psycopg",
        "with_postgres",
        "fasteners",
        "python-dotenv",
    ],
    ("database", "sqlite"): ["sqlite", "aiosqlite", "pysqlite", "pragma", "readers and a writer"],
    ("example", "none"): [],
    ("example", "posts"): ["posts", "If-Match", "pagination", "ndjson", "seed", "conditional", "published_at"],
    ("framework", "fastapi"): [
        "fastapi",
        "asgi",
        "starlette",
        "async",
        "asyncio",
        "await",
        "router",
        "ActiveUser",
        "raise HTTPException",
        "forty threads",
    ],
    ("framework", "flask"): [
        "flask",
        "wsgi",
        "werkzeug",
        "gunicorn",
        "blueprint",
        "bp",
        "views",
        "security=active_user",
        r"(?<!\.)abort",  # a server aborts connections
        "four threads",
    ],
}
# The words that only a project with one of these choices may contain.
SHARED_WORDS = {
    (("auth", "accounts"), ("example", "posts")): ["uuid7", "uuid_utils", "uuid-utils"],
    (("database", "postgresql"), ("database", "sqlite")): [
        "alembic",
        "database",
        "greenlet",
        "instance",
        "migration",
        "migrations",
        "sqlalchemy",
        "transaction",
    ],
}
# The server of both frameworks speaks ASGI, in these files.
SERVER_WORDS = {"asgi", "async", "asyncio", "await"}
SERVER_FILES = {
    "my_service/http_protocol.py",
    "my_service/server.py",
    "my_service/wsgi_to_asgi.py",
    "tests/serving.py",
    "tests/test_http_protocol.py",
    "tests/test_wsgi_to_asgi.py",
}


def test_every_choice_has_words_of_its_own() -> None:
    assert set(WORDS) == {
        (question, choice) for question, offered in behavioural_choices().items() for choice in offered
    }


def expected_files(variant: Variant) -> set[str]:
    """Follow the template: shared files, the chosen overlay at its final place, one licence."""
    promoted, pruned = tables(variant)
    expected = set()
    for path in template_files():
        name = path.relative_to(TEMPLATE / "{{cookiecutter.project_slug}}").as_posix()
        name = name.replace("{{cookiecutter.package_name}}", "my_service")
        for source, target in promoted.items():
            if f"{name}/".startswith(f"{source}/"):
                name = f"{target}{name.removeprefix(source)}".removeprefix("./")
        expected.add(name)
    for part in pruned:
        claimed = {name for name in expected if f"{name}/".startswith(f"{part}/")}
        assert claimed or part.startswith("_"), f"{part} is pruned, and is not there"
        expected -= claimed
    return expected


def tables(variant: Variant) -> tuple[dict[str, str], list[str]]:
    """Return what the hook promotes and what it prunes, for a variant."""
    hook = TEMPLATE / "hooks" / "post_gen_project.py"
    source = (
        Environment(**QUESTIONS["_jinja2_env_vars"]).from_string(hook.read_text()).render(cookiecutter=context(variant))
    )
    constants = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    return constants["PROMOTED"], constants["PRUNED"]


def test_exactly_the_files_of_the_choices_are_there(rendered: Path, variant: Variant) -> None:
    assert set(files(rendered)) == expected_files(variant)


def test_no_folder_is_empty(rendered: Path) -> None:
    assert [path for path in rendered.rglob("*") if path.is_dir() and not any(path.iterdir())] == []


def test_nothing_of_the_template_language_is_left(rendered: Path) -> None:
    for name, content in files(rendered).items():
        assert not re.search(r"\{\{|\{%|\{#|cookiecutter", name + content.decode()), name


def chosen_by(variant: Variant) -> set[tuple[str, str]]:
    """Return the choices that count: without a database, there is no example."""
    return set((variant.answers | {"example": str(context(variant)["__example"])}).items())


def test_nothing_that_was_not_chosen_is_mentioned(rendered: Path, variant: Variant) -> None:
    chosen = chosen_by(variant)
    absent = [word for choice, words in WORDS.items() if choice not in chosen for word in words]
    absent += [word for choices, words in SHARED_WORDS.items() if not chosen & set(choices) for word in words]

    for name, content in files(rendered).items():
        for word in absent:
            if name in SERVER_FILES and word in SERVER_WORDS:
                continue
            assert not re.search(rf"\b{word}s?\b", f"{name}\n{content.decode()}", re.IGNORECASE), (name, word)


def test_files_end_with_one_line_break_and_have_no_doubled_blank_line(rendered: Path) -> None:
    for name, content in files(rendered).items():
        text = content.decode()
        assert "\r" not in text, name
        if name != "LICENSE" and text:
            assert text.endswith("\n"), name
            assert not text.endswith("\n\n"), name
            assert name.endswith((".py", ".mako")) or "\n\n\n" not in text, name
            assert not re.search(r"[ \t]$", text, re.MULTILINE), name


def test_readme_shows_the_layout_as_it_is(rendered: Path) -> None:
    readme = (rendered / "README.md").read_text(encoding="utf-8")
    (layout,) = [block.text for block in blocks(readme) if not block.language]
    modules = [*rendered.glob("*.py"), *(rendered / "my_service").rglob("*.py")]

    shown = set(re.findall(r"\w+\.py\b", layout))
    assert shown == {path.name for path in modules}


def test_readme_shows_the_settings_as_they_are(rendered: Path) -> None:
    rows = re.findall(r"^\| ((?:`[A-Z_]+`(?:, )?)+) \| (.*?) ?\|", (rendered / "README.md").read_text(), re.MULTILINE)
    example = (rendered / ".env.example").read_text()

    shown = {
        name: default
        for names, defaults in rows
        for name, default in zip_longest(re.findall(r"`(.+?)`", names), re.findall(r"`(.+?)`", defaults), fillvalue="")
    }
    assert shown == dict(re.findall(r"^# ([A-Z_]+)=(.*)$", example, re.MULTILINE))


def test_makefile_defines_what_it_names(rendered: Path) -> None:
    makefile = (rendered / "Makefile").read_text(encoding="utf-8")
    explained = re.findall(r"^([a-z]+):.* ## ", makefile, re.MULTILINE)
    (declared,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert sorted(declared.split()) == sorted(explained), "each target is declared and explained"
    defined = re.findall(r"(?:^|: )([A-Z_]+) [:?]?= ", makefile, re.MULTILINE)
    assert set(re.findall(r"\$\(([A-Z_]+)\)", makefile)) == {*defined, "MAKE"}


def test_what_a_project_makes_is_not_committed(project: Path, variant: Variant, workplace: Workplace) -> None:
    made = [".env", ".venv/bin/python", ".coverage", "my_service/__pycache__/cli.pyc", "dist/my_service.whl"]
    made += ["instance/development.db"] if variant.answers["database"] != "none" else []
    for name in made:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).touch()

    workplace.git("init", "--quiet", cwd=project)
    workplace.git("add", "--all", cwd=project)

    committed = set(workplace.git("ls-files", cwd=project).splitlines())
    assert committed == expected_files(variant)


def test_data_files_parse(rendered: Path) -> None:
    parsed = {".toml": tomllib.loads, ".mako": MakoTemplate}

    for name, content in files(rendered).items():
        suffix = Path(name).suffix
        assert suffix in {"", ".py", ".md", ".example", *parsed}, f"{name} is of a kind that no test parses"
        if suffix in parsed:
            parsed[suffix](content.decode())


def test_same_answers_give_the_same_bytes(rendered: Path, variant: Variant, workplace: Workplace) -> None:
    assert files(workplace.render(**variant.answers)) == files(rendered)
