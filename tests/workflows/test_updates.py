"""Projects that cruft renders, compares and brings up to date, without a wrapper of ours."""

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hooks.answers import INCOMPATIBLE
from tests.support.databases import empty_database
from tests.support.environments import run
from tests.support.interpreters import PYTHONS
from tests.support.rendering import FRAMEWORKS, TEMPLATE, Workplace, files
from tests.support.template import compiled
from tests.support.variants import COSMETIC, TEXTS, behavioural_choices, choices

COUNT = """
from sqlalchemy import text
from my_service.config import Settings
from my_service.engine import migration_engine

with migration_engine(Settings()).connect() as connection:
    print(*(connection.scalar(text(f"SELECT count(*) FROM {table}")) for table in ("posts", "users", "refresh_tokens")))
"""
LOCAL_EDIT = '\n\ndef local_edit() -> str:\n    """Stay."""\n    return "here"\n'
OWN_TEST = "def test_local_edit() -> None:\n    pass\n"
# What the changes begin with.
EVERYTHING = {"framework": "fastapi", "database": "sqlite", "example": "posts", "auth": "accounts"}
PARTS = ("cookiecutter.json", "hooks", "{{cookiecutter.project_slug}}")


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
def test_cruft_renders_what_cookiecutter_renders(framework: str, workplace: Workplace, template: Path) -> None:
    project = create(workplace, template, framework=framework, auth="accounts")

    assert rendered_part(project) == expected(framework=framework, auth="accounts")
    assert workplace.run("cruft", "check", cwd=project).returncode == 0
    assert workplace.run("cruft", "diff", "--exit-code", cwd=project).returncode == 0


def changes() -> list[dict[str, str]]:
    """Return, for each choice that is not in EVERYTHING, what to change to it, and with it what it excludes."""
    found = []
    for question, offered in behavioural_choices().items():
        for choice in offered:
            if choice != EVERYTHING[question]:
                changed = {question: choice}
                for (one, answer), (other, refused_with), *_ in INCOMPATIBLE:
                    if (EVERYTHING | changed)[other] == refused_with and (EVERYTHING | changed)[one] == answer:
                        changed[one] = "none"
                found.append(changed)
    return found


@pytest.mark.slow
def test_each_choice_can_be_changed_and_changed_back(workplace: Workplace, template: Path) -> None:
    project = create(workplace, template, **EVERYTHING)
    local = edit_locally(workplace, project)

    for changed in changes():
        for answers in (EVERYTHING | changed, EVERYTHING):
            done = update(workplace, project, **{question: answers[question] for question in changed})

            assert done.returncode == 0, f"{changed}\n{done.stdout}\n{done.stderr}"
            assert rendered_part(project) == expected(**answers) | local(answers), changed
            commit(workplace, project)


def edit_locally(workplace: Workplace, project: Path) -> Callable[[Mapping[str, str]], dict[str, bytes]]:
    """Add a function to a file of the template and a test of one's own; return how they are expected to be."""
    (service,) = project.glob("*/about/service.py")
    service.write_text(service.read_text() + LOCAL_EDIT)
    own_test = project / "tests" / "about" / "test_local_edit.py"
    own_test.write_text(OWN_TEST)
    commit(workplace, project)

    def local(answers: Mapping[str, str]) -> dict[str, bytes]:
        edited = service.relative_to(project).as_posix()
        return {
            edited: expected(**answers)[edited] + LOCAL_EDIT.encode(),
            own_test.relative_to(project).as_posix(): OWN_TEST.encode(),
        }

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
    local = edit_locally(workplace, project)

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
    """Return the newest tag, or the commit before the working tree where nothing was released yet."""
    tags = workplace.git("tag", "--sort=-version:refname", cwd=template).splitlines()
    return tags[0] if tags else "HEAD~1"


def test_update_takes_what_is_new_beside_what_is_local(workplace: Workplace, template: Path) -> None:
    project = create(workplace, template)
    endpoint = project / "my_service" / "about" / "router.py"
    endpoint.write_text(endpoint.read_text() + "\n# local\n")
    commit(workplace, project)
    example = template / "{{cookiecutter.project_slug}}" / ".env.example"
    example.write_text(example.read_text() + "\n# Something new\n")
    commit(workplace, template)

    assert workplace.run("cruft", "check", cwd=project).returncode == 1
    assert update(workplace, project).returncode == 0

    assert endpoint.read_text().endswith("\n# local\n")
    assert (project / ".env.example").read_text().endswith("\n# Something new\n")
    assert workplace.run("cruft", "check", cwd=project).returncode == 0


def test_update_refuses_a_bad_answer_and_changes_nothing(workplace: Workplace, template: Path) -> None:
    project = create(workplace, template)
    before = files(project)

    done = update(workplace, project, package_name="class")

    assert done.returncode == 1
    assert "package_name: 'class' is a keyword of Python; " in done.stderr
    assert files(project) == before


def test_create_over_a_project_is_refused(workplace: Workplace, template: Path) -> None:
    project = create(workplace, template)
    before = files(project)

    done = workplace.run("cruft", "create", template, "--no-input", "--overwrite-if-exists")

    assert done.returncode == 1
    assert f"{project} holds files already, and nothing was changed; " in done.stderr
    assert "`cruft update`" in done.stderr
    assert files(project) == before
