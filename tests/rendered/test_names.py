"""No project mentions what it lacks: settings, dependencies, modules, commands, and the words of what was not chosen."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache

import pytest

from tests.support.every_combination import Content, contents, renders, words
from tests.support.template import Files
from tests.support.variants import Variant, choices, effective

# The words that only a project with this choice may contain; the choice itself is one of them.
WORDS: dict[tuple[str, str], list[str]] = {
    ("auth", "accounts"): ["accounts", "account", "active_user", "ActiveUser", "argon2", "jwt", "oauth"],
    ("auth", "none"): [],
    ("database", "none"): [],
    ("database", "postgresql"): ["postgresql", "postgres", "pgserver", "with_postgres"],
    ("database", "sqlite"): ["sqlite", "pysqlite", "pragma", "readers and a writer"],
    ("example", "none"): [],
    ("example", "posts"): ["posts", "If-Match", "pagination", "ndjson", "seed", "published_at"],
    ("profile", "service"): [],
    ("profile", "skeleton"): [],
    ("ci", "github"): [],
    ("ci", "gitlab"): [],
    ("ci", "none"): [],
    ("container", "docker"): [],
    ("container", "kubernetes"): ["kubernetes", "kubectl", "kustomize"],
    ("container", "none"): [],
    ("metrics", "none"): [],
    ("metrics", "prometheus"): ["prometheus", "prometheus_client", "observe_pool", "METRICS_TOKEN"],
    ("jobs", "none"): [],
    ("jobs", "database"): [],
    ("jobs", "celery"): ["celery", "celery_worker", "kombu", "BROKER_URL", "dispatcher"],
    ("mail", "none"): [],
    ("mail", "smtp"): [
        "smtp",
        "smtps",
        "smtplib",
        "aiosmtpd",
        "trustme",
        "send_mail",
        "test-mail",
        "MAIL_FROM",
    ],
    ("pages", "none"): [],
    ("pages", "html"): [],
    ("framework", "fastapi"): [
        *("fastapi", "asgi", "starlette", "async", "asyncio", "await", "router", "routers"),
        *("ActiveUser", "raise HTTPException", "forty threads"),
    ],
    ("framework", "flask"): [
        *("flask", "wsgi", "werkzeug", "gunicorn", "blueprint", "blueprints", "bp", "views"),
        *("security=active_user", "four threads"),
    ],
}
# The words that only a project with one of these choices may contain.
SHARED_WORDS = {
    # The word of the choice is that of others too.
    (("jobs", "database"), ("jobs", "celery")): ["enqueue", "enqueues", "run.end", "JOB_THREADS", "LeaseLost"],
    (("auth", "accounts"), ("example", "posts"), ("jobs", "database"), ("jobs", "celery")): ["uuid7", "uuid_utils"],
    (("auth", "accounts"), ("pages", "html")): ["multipart"],
    (("mail", "smtp"), ("pages", "html")): ["jinja2"],
    (("pages", "html"),): ["render_form", "static_url", "__Host-session", "cross_site", "navigation.py"],
    (("container", "docker"), ("container", "kubernetes")): ["docker", "healthcheck"],
    (("database", "postgresql"), ("database", "sqlite")): [
        *("alembic", "database", "databases", "greenlet", "instance", "instances"),
        *("migration", "migrations", "sqlalchemy", "transaction", "transactions"),
    ],
}
# The server of both frameworks speaks ASGI, in these files; a view of Flask may be a coroutine.
SERVER_WORDS = {"asgi", "async", "asyncio", "await"}
SERVER_FILES = {
    "my_service/cli/http_protocol.py",
    "my_service/cli/server.py",
    "my_service/cli/wsgi_to_asgi.py",
    "my_service/jobs/calls.py",
    "tests/cli/test_http_protocol.py",
    "tests/cli/test_wsgi_to_asgi.py",
    "tests/jobs/endpoints.py",
    "tests/mail/smtp_server.py",
    "tests/support/serving.py",
    "tests/web/test_operations.py",
}
# Words that mean something else in a file: these instances are processes, and no folder.
OTHER_MEANINGS = dict.fromkeys(SERVER_FILES, SERVER_WORDS) | {"docs/deployment.md": {"instance", "instances"}}
# A distribution whose name is an English word.
ENGLISH = {"limits"}

Names = Callable[[Files], set[str]]
Mentions = Callable[[str], set[str]]


def questions() -> dict[str, list[str]]:
    """Return the choices that files are named or written for; a licence is one text."""
    return {question: offered for question, offered in choices().items() if question != "license"}


def settings(files: Files) -> set[str]:
    return set(re.findall(r"^# ([A-Z_]+)=", files.get(".env.example", ""), re.MULTILINE))


def distributions(files: Files) -> set[str]:
    metadata = tomllib.loads(files["pyproject.toml"])
    requirements = [*metadata["project"]["dependencies"], *metadata["dependency-groups"]["dev"]]
    return {re.split(r"[\[<>=;@ ]", each)[0] for each in requirements} - ENGLISH


def modules(files: Files) -> set[str]:
    return {path.rpartition("/")[2] for path in files if path.endswith(".py")}


def targets(files: Files) -> set[str]:
    return set(re.findall(r"^([a-z-]+):", files["Makefile"], re.MULTILINE))


def commands(files: Files) -> set[str]:
    decorated = r"@\w+\.(?:command|group)\((?:\s*\"([a-z-]+)\")?.*?\)\ndef (\w+)"
    found = [match for text in files.values() for match in re.findall(decorated, text, re.DOTALL)]
    return {name or function.replace("_", "-") for name, function in found}


def known(names: Names) -> set[str]:
    """Return the names of that kind that some combination has."""
    return set().union(*(names(files) for files in renders().values()))


def mentioned(names: Names) -> Mentions:
    return lambda text: words(text, known_once(names))


known_once = cache(known)

KINDS: dict[str, tuple[Names, Mentions]] = {
    "setting": (settings, lambda text: set(re.findall(r"\b[A-Z_]{4,}\b", text)) & known_once(settings)),
    # A recipe adds dependencies.
    "distribution": (
        distributions,
        lambda text: mentioned(distributions)(re.sub(r'^\+ +"[^"]+",$', "", text, flags=re.MULTILINE)),
    ),
    "module": (modules, lambda text: set(re.findall(r"(?<![\w%/*}-])\w+\.py\b", text))),
    "make target": (targets, lambda text: set(re.findall(r"`make ([a-z-]+)", text))),
    "command": (commands, lambda text: set(re.findall(r"-m my_service ([a-z][a-z-]*)", text))),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_name_that_is_mentioned_is_there(kind: str) -> None:
    names, mentions = KINDS[kind]
    mentioned = {content: mentions(content.text) for content in contents()}
    assert any(mentioned.values())

    assert [*without(mentioned, lambda variant: names(renders()[variant]))] == []


def without(mentioned: Mapping[Content, set[str]], own: Callable[[Variant], set[str]]) -> Iterator[str]:
    """Give, for each file that mentions something, the first combination that has the file and lacks the thing."""
    told = set()
    for variant, files in renders().items():
        there = own(variant)
        for item in files.items():
            content = Content(*item)
            for name in mentioned[content] - there:
                # Texts of licences are those of others.
                if (content.path, name) not in told and content.path != "LICENSE":
                    told.add((content.path, name))
                    yield f"{content.path} mentions {name!r} with {variant.name()}"


def test_every_choice_has_words_of_its_own() -> None:
    choices = {(question, choice) for question, offered in questions().items() for choice in offered}

    assert set(WORDS) == choices
    assert all(choice in words or not words for (_, choice), words in WORDS.items())


def test_nothing_that_was_not_chosen_is_mentioned() -> None:
    every = {word.lower() for listed in [*WORDS.values(), *SHARED_WORDS.values()] for word in listed}
    mentioned = {
        content: words("\n".join(content), every) - OTHER_MEANINGS.get(content.path, set()) for content in contents()
    }

    assert [*without(mentioned, lambda variant: every - absent_words(variant))] == []


def absent_words(variant: Variant) -> set[str]:
    """Return the words that a combination may not contain, in small letters."""
    chosen = {(question, effective(variant, question)) for question in questions()}
    absent = [word for choice, listed in WORDS.items() if choice not in chosen for word in listed]
    absent += [word for choices, listed in SHARED_WORDS.items() if not chosen & set(choices) for word in listed]
    return {word.lower() for word in absent}
