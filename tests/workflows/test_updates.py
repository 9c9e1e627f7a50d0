"""Projects that cruft renders, compares and brings up to date, without a wrapper of ours."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from answers_for_cookiecutter_2 import errors_of
from tests.support.databases import empty_database
from tests.support.environments import environment, run
from tests.support.interpreters import PYTHONS
from tests.support.rendering import FRAMEWORKS, TEMPLATE, Workplace, files
from tests.support.server import Server
from tests.support.template import compiled
from tests.support.variants import ALONE, COSMETIC, OFF, TEXTS, behavioural_choices, choices, is_refused, products

COUNT = """
from sqlalchemy import text
from my_service.config import Settings
from my_service.database.engine import migration_engine

with migration_engine(Settings()).connect() as connection:
    print(*(connection.scalar(text(f"SELECT count(*) FROM {table}")) for table in ("posts", "users", "refresh_tokens")))
"""
LOCAL_EDIT = '\n\ndef local_edit() -> str:\n    """Stay."""\n    return "here"\n'
OWN_TEST = "def test_local_edit() -> None:\n    pass\n"
# Files of the package that a user has edited: one that is the same in all projects, and one that answers change.
SERVICE, SETTINGS = "about/service.py", "config.py"
SKELETON = {"fastapi": "uvicorn --port {port} asgi:app", "flask": "flask run --port {port}"}
PARTS = ("cookiecutter.json", "answers_for_cookiecutter_2", "hooks", "templates", "{{cookiecutter.project_slug}}")


@pytest.fixture
def template(workplace: Workplace) -> Path:
    """Commit the working tree on top of the last commit, in a clone that a test may change."""
    clone = workplace.root / "template"
    workplace.git("clone", "--quiet", TEMPLATE, clone)
    write_working_tree(clone)
    workplace.git("add", "--all", cwd=clone)
    workplace.git("commit", "--quiet", "--allow-empty", "--message", "the working tree", cwd=clone)
    return clone


def write_working_tree(clone: Path) -> None:
    for part in PARTS:
        target = clone / part
        if target.is_dir():
            shutil.rmtree(target)
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *PARTS]
    names = subprocess.run(listed, cwd=TEMPLATE, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (TEMPLATE / name).exists():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TEMPLATE / name, clone / name)


def create(workplace: Workplace, template: Path, *options: str, **answers: str) -> Path:
    """Render with cruft and commit, as a user does."""
    done = workplace.run("cruft", "create", template, "--no-input", "--extra-context", json.dumps(answers), *options)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (project,) = workplace.output.iterdir()
    workplace.git("init", "--quiet", cwd=project)
    commit(workplace, project)
    return project


def commit(workplace: Workplace, repository: Path) -> None:
    workplace.git("add", "--all", cwd=repository)
    workplace.git("commit", "--quiet", "--allow-empty", "--message", "change", cwd=repository)


def update(workplace: Workplace, project: Path, **changed: str) -> subprocess.CompletedProcess[str]:
    variables = ["--variables-to-update", json.dumps(changed)] if changed else []
    return workplace.run("cruft", "update", "--skip-apply-ask", *variables, cwd=project)


def rendered_part(project: Path) -> dict[str, bytes]:
    """Return the files that the template answers for."""
    return {
        name: content
        for name, content in files(project).items()
        if name != ".cruft.json" and not name.startswith(".git/")
    }


def expected(**answers: str) -> dict[str, bytes]:
    """Return what a fresh render gives."""
    return {path: text.encode() for path, text in compiled().render(answers).items()}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_cruft_renders_what_cookiecutter_renders(
    framework: str, workplace: Workplace, template: Path, tmp_path: Path
) -> None:
    project = create(workplace, template, framework=framework, auth="accounts")

    fresh = Workplace(tmp_path / "fresh").render(framework=framework, auth="accounts")
    assert rendered_part(project) == files(fresh)
    assert workplace.run("cruft", "check", cwd=project).returncode == 0
    assert workplace.run("cruft", "diff", "--exit-code", cwd=project).returncode == 0


def everything() -> dict[str, str]:
    """Return the answers that the changes begin with: every option is chosen."""
    return {
        question: next(choice for choice in offered if choice not in OFF)
        for question, offered in behavioural_choices().items()
    }


def flips() -> Iterator[tuple[str, str]]:
    """Give each choice that is not in the answers that the changes begin with, but those that leave no option."""
    for question, offered in behavioural_choices().items():
        others = [(question, choice) for choice in offered if choice != everything()[question]]
        yield from (other for other in others if other not in ALONE)


def demanded(question: str, choice: str) -> dict[str, str]:
    """Return a choice, and with it the fewest other answers that have to change for it to be accepted."""
    accepted = [
        dict(variant.answers.items() - everything().items())
        for variant in products(behavioural_choices())
        if variant.answers[question] == choice and not is_refused(variant.answers)
    ]
    return min(accepted, key=len)


@pytest.mark.slow
def test_each_choice_can_be_changed_and_changed_back(workplace: Workplace, template: Path) -> None:
    start = everything()
    project = create(workplace, template, **start)
    local = edit_locally(workplace, project, SERVICE, SETTINGS)
    seen: set[tuple[str, str]] = set()

    for question, choice in flips():
        if is_refused(start | {question: choice}):
            before = files(project)
            done = update(workplace, project, **{question: choice})
            assert done.returncode == 1
            said = " ".join(done.stderr.split())  # in lines of the terminal's width
            assert errors_of(compiled().context(start | {question: choice}))[0] in said
            assert files(project) == before

        changed = demanded(question, choice)
        for answers in (start | changed, start):
            done = update(workplace, project, **{name: answers[name] for name in changed})

            assert done.returncode == 0, f"{changed}\n{done.stdout}\n{done.stderr}"
            assert rendered_part(project) == expected(**answers) | local(answers), changed
            seen |= recorded(project).items()
            commit(workplace, project)

    every = {(question, choice) for question, offered in behavioural_choices().items() for choice in offered}
    assert seen == every - ALONE


OWN_DOMAIN = {
    "fastapi": (
        "notes/router.py",
        """from fastapi import APIRouter, Request

router = APIRouter(prefix="/notes", tags=["notes"])


@router.get("")
async def read_notes(request: Request) -> list[str]:
    return [request.app.state.settings.environment]
""",
        "from .notes.router import router as notes\n",
        "router.include_router(notes)\n",
    ),
    "flask": (
        "notes/views.py",
        """from flask import Blueprint, current_app

bp = Blueprint("notes", __name__, url_prefix="/notes")


@bp.get("")
def read_notes() -> list[str]:
    return [current_app.extensions["settings"].environment]
""",
        "from .notes.views import bp as notes\n",
        "bp.register_blueprint(notes)\n",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_skeleton_becomes_a_service_and_keeps_its_domains(framework: str, workplace: Workplace, template: Path) -> None:
    project = create(workplace, template, framework=framework, profile="skeleton")
    name, text, import_, line = OWN_DOMAIN[framework]
    own = project / "my_service" / name
    own.parent.mkdir()
    (own.parent / "__init__.py").touch()
    own.write_text(text)
    listed = project / "my_service" / "api.py"
    before, about = re.split(r"(?=^from \.about)", listed.read_text(), flags=re.MULTILINE)
    first, rest = about.split("\n", 1)
    listed.write_text(f"{before}{first}\n{import_}{rest}{line}")
    commit(workplace, project)
    expect_own_domain(project, SKELETON[framework])

    done = update(workplace, project, profile="service", example="none")

    assert done.returncode == 0, done.stdout + done.stderr
    expect_own_domain(project, "python -m my_service serve")
    assert own.read_text() == text
    assert (project / "my_service" / "observability" / "logs.py").exists()


def expect_own_domain(project: Path, command: str) -> None:
    with Server(command, folder=project, binaries=environment(project, PYTHONS[0])) as server:
        assert server.get("/api/v1/notes") == (200, ["development"])
        assert server.get("/api/v1/about")[0] == 200


def recorded(project: Path) -> dict[str, str]:
    """Return the answers to the questions with choices that cruft has written down."""
    answers = json.loads((project / ".cruft.json").read_text())["context"]["cookiecutter"]
    return {question: answers[question] for question in behavioural_choices()}


def edit_locally(workplace: Workplace, project: Path, *edited: str) -> Callable[[Mapping[str, str]], dict[str, bytes]]:
    """Add a function to files of the template, and a test of one's own; return how they are expected to be."""
    (package,) = (path.parent for path in project.glob("*/metadata.py"))
    for name in edited:
        (package / name).write_text((package / name).read_text() + LOCAL_EDIT)
    own_test = project / "tests" / "about" / "test_local_edit.py"
    own_test.write_text(OWN_TEST)
    commit(workplace, project)

    def local(answers: Mapping[str, str]) -> dict[str, bytes]:
        rendered = expected(**answers)
        paths = [f"{package.name}/{name}" for name in edited]
        own = {own_test.relative_to(project).as_posix(): OWN_TEST.encode()}
        return {path: rendered[path] + LOCAL_EDIT.encode() for path in paths} | own

    return local


@pytest.mark.slow
def test_words_can_be_changed_one_after_another(workplace: Workplace, template: Path) -> None:
    answers = {"project_slug": "my-service", "package_name": "my_service"}
    project = create(workplace, template)

    for question in [*COSMETIC, *TEXTS]:
        answers[question] = another_answer(question)
        done = update(workplace, project, **{question: answers[question]})

        assert done.returncode == 0, f"{question}\n{done.stdout}\n{done.stderr}"
        assert rendered_part(project) == expected(**answers), question
        commit(workplace, project)


@pytest.mark.slow
def test_files_of_delivery_are_those_of_the_new_choice(workplace: Workplace, template: Path) -> None:
    answers = {"database": "postgresql", "container": "docker", "ci": "github"}
    project = create(workplace, template, **answers)

    for changed in ({"container": "none", "ci": "gitlab"}, {"container": "kubernetes", "ci": "none"}):
        answers |= changed
        done = update(workplace, project, **changed)

        assert done.returncode == 0, f"{changed}\n{done.stdout}\n{done.stderr}"
        assert rendered_part(project) == expected(**answers), changed
        commit(workplace, project)


def another_answer(question: str) -> str:
    """Return an answer that is not the default."""
    return choices()[question][-1] if question in choices() else TEXTS[question][1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "answers", [{}, {question: another_answer(question) for question in TEXTS} | {"framework": "flask"}]
)
def test_update_from_the_last_version_keeps_local_edits_and_works(
    answers: dict[str, str], workplace: Workplace, template: Path
) -> None:
    now = workplace.git("rev-parse", "HEAD", cwd=template)
    workplace.git("checkout", "--quiet", last_version(workplace, template), cwd=template)
    project = create(workplace, template, **answers)
    workplace.git("checkout", "--quiet", now, cwd=template)
    local = edit_locally(workplace, project, SERVICE)

    done = update(workplace, project)

    assert done.returncode == 0, done.stdout + done.stderr
    run(project, PYTHONS[0], "pytest", "tests/about", "-p", "no:cacheprovider", PYTHONDONTWRITEBYTECODE="1")
    # Nothing else is different, so that the suite of the variant speaks for this project, too.
    assert rendered_part(project) == expected(**answers) | local(answers)


@pytest.mark.slow
@pytest.mark.parametrize(("framework", "database"), [("fastapi", "postgresql"), ("flask", "sqlite")])
def test_accounts_switched_on_bring_their_tables_to_a_database_with_data(
    framework: str, database: str, workplace: Workplace, template: Path
) -> None:
    project = create(workplace, template, framework=framework, database=database)
    url = empty_database(database)
    for command in (["upgrade"], ["seed", "--rows", "3"]):
        run(project, PYTHONS[0], "my_service", "db", *command, DATABASE_URL=url)

    done = update(workplace, project, auth="accounts")

    assert done.returncode == 0, done.stdout + done.stderr
    run(project, PYTHONS[0], "my_service", "db", "upgrade", DATABASE_URL=url)
    run(project, PYTHONS[0], "alembic", "check", DATABASE_URL=url)
    (project / "count.py").write_text(COUNT)
    assert run(project, PYTHONS[0], "count", DATABASE_URL=url).stdout == "3 0 0\n"


def last_version(workplace: Workplace, template: Path) -> str:
    """Return the newest tag; where nothing was released yet, the commit before the last change of what is rendered."""
    tags = workplace.git("tag", "--sort=-version:refname", cwd=template).splitlines()
    before_the_change = workplace.git("log", "--max-count=1", "--format=%P", "--", *PARTS, cwd=template).split()
    # A clone without history has none.
    return [*tags, *before_the_change, "HEAD~1"][0]


def test_update_takes_what_is_new_beside_what_is_local(workplace: Workplace, template: Path) -> None:
    project = create(workplace, template)
    endpoint = project / "my_service" / "about" / "router.py"
    endpoint.write_text(endpoint.read_text() + "\n# local\n")
    commit(workplace, project)
    append_to_the_example(workplace, template, "\n# Something new\n")

    assert workplace.run("cruft", "check", cwd=project).returncode == 1
    assert update(workplace, project).returncode == 0

    assert endpoint.read_text().endswith("\n# local\n")
    assert (project / ".env.example").read_text().endswith("\n# Something new\n")
    assert workplace.run("cruft", "check", cwd=project).returncode == 0


def test_update_marks_conflicts_and_waits_until_they_are_resolved(workplace: Workplace, template: Path) -> None:
    project = create(workplace, template)
    with (project / ".env.example").open("a") as example:
        example.write("\n# local\n")
    commit(workplace, project)
    append_to_the_example(workplace, template, "\n# Something new\n")

    assert update(workplace, project).returncode == 0

    marked = (project / ".env.example").read_text()
    assert re.search(r"^<{7} .*\n\n?# local\n={7}\n\n?# Something new\n>{7} ", marked, re.MULTILINE)
    append_to_the_example(workplace, template, "\n# Something else\n")
    refused = update(workplace, project)
    assert refused.returncode == 1
    assert "Cruft cannot apply updates on an unclean git project" in refused.stdout
    assert (project / ".env.example").read_text() == marked


def append_to_the_example(workplace: Workplace, template: Path, text: str) -> None:
    """Commit a change of the template."""
    with (template / "{{cookiecutter.project_slug}}" / "_options" / "service" / ".env.example").open("a") as example:
        example.write(text)
    commit(workplace, template)


def test_update_refuses_a_bad_answer_and_changes_nothing(workplace: Workplace, template: Path) -> None:
    project = create(workplace, template)
    before = files(project)

    done = update(workplace, project, package_name="class")

    assert done.returncode == 1
    assert "package_name: 'class' is a Python keyword; " in done.stderr
    assert files(project) == before


def test_create_over_a_project_is_refused(workplace: Workplace, template: Path) -> None:
    project = create(workplace, template)
    before = files(project)

    done = workplace.run("cruft", "create", template, "--no-input", "--overwrite-if-exists")

    assert done.returncode == 1
    assert f"{project} holds files already, and nothing was changed; " in done.stderr
    assert "`cruft update`" in done.stderr
    assert files(project) == before
