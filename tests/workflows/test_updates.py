"""Projects that cruft renders, compares and brings up to date, without a wrapper of ours."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.databases import empty_database
from tests.support.environments import run
from tests.support.interpreters import PYTHONS
from tests.support.rendering import TEMPLATE, Workplace, files
from tests.support.variants import COSMETIC, TEXTS, Variant, behavioural_choices, choices, refused

COUNT = """
from sqlalchemy import text
from my_service.config import Settings
from my_service.engine import migration_engine

with migration_engine(Settings()).connect() as connection:
    print(*(connection.scalar(text(f"SELECT count(*) FROM {table}")) for table in ("posts", "users", "refresh_tokens")))
"""
LOCAL_EDIT = '\n\ndef local_edit() -> str:\n    """Stay."""\n    return "here"\n'
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


@pytest.mark.check("updates")
def test_cruft_renders_what_cookiecutter_renders(
    variant: Variant, rendered: Path, workplace: Workplace, template: Path
) -> None:
    project = create(workplace, template, **variant.answers)

    assert rendered_part(project) == files(rendered)
    assert workplace.run("cruft", "check", cwd=project).returncode == 0
    assert workplace.run("cruft", "diff", "--exit-code", cwd=project).returncode == 0


@pytest.mark.slow
@pytest.mark.check("updates")
def test_any_changed_choice_gives_what_a_fresh_render_gives(
    variant: Variant,
    rendered: Path,
    workplace: Workplace,
    template: Path,
    render_once: Callable[[Variant], Path],
) -> None:
    project = create(workplace, template, **variant.answers)

    for question, offered in behavioural_choices().items():
        for choice in offered:
            if choice == variant.answers[question]:
                continue
            changed = Variant.of(variant.answers | {question: choice})
            done = update(workplace, project, **{question: choice})
            if changed in refused():
                assert done.returncode == 1
                assert rendered_part(project) == files(rendered)
                continue

            assert done.returncode == 0, done.stdout + done.stderr
            assert rendered_part(project) == files(render_once(changed)), f"{question} changed to {choice}"
            # The way back is the way there of another variant.
            workplace.git("reset", "--quiet", "--hard", cwd=project)
            workplace.git("clean", "--quiet", "--force", "-d", "-x", cwd=project)


@pytest.mark.slow
@pytest.mark.parametrize("question", [*COSMETIC, *TEXTS])
def test_changed_words_give_what_a_fresh_render_gives(
    question: str, workplace: Workplace, template: Path, tmp_path: Path
) -> None:
    names = {"project_slug": "my-service", "package_name": "my_service"}
    project = create(workplace, template)
    changed = {question: another_answer(question)}

    done = update(workplace, project, **changed)

    assert done.returncode == 0, done.stdout + done.stderr
    assert rendered_part(project) == files(Workplace(tmp_path / "fresh").render(**names | changed))


def another_answer(question: str) -> str:
    """Return an answer that is not the default."""
    return choices()[question][-1] if question in choices() else TEXTS[question][1]


@pytest.mark.slow
@pytest.mark.parametrize("question", [*choices(), *TEXTS])
def test_update_from_the_last_version_keeps_local_edits_and_works(
    question: str, workplace: Workplace, template: Path, tmp_path: Path
) -> None:
    answers = {"project_slug": "my-service", "package_name": "my_service"} | {question: another_answer(question)}
    now = workplace.git("rev-parse", "HEAD", cwd=template)
    workplace.git("checkout", "--quiet", last_version(workplace, template), cwd=template)
    project = create(workplace, template, **answers)
    workplace.git("checkout", "--quiet", now, cwd=template)
    (service,) = project.glob("*/about/service.py")
    service.write_text(service.read_text() + LOCAL_EDIT)
    local_test = project / "tests" / "about" / "test_local_edit.py"
    local_test.write_text("def test_local_edit() -> None:\n    pass\n")
    commit(workplace, project)

    done = update(workplace, project)

    assert done.returncode == 0, done.stdout + done.stderr
    run(project, PYTHONS[0], "pytest", "tests/about", "-p", "no:cacheprovider", PYTHONDONTWRITEBYTECODE="1")
    assert service.read_text().endswith(LOCAL_EDIT)
    service.write_text(service.read_text().removesuffix(LOCAL_EDIT))
    local_test.unlink()
    # Nothing else is different, so that the suite of the variant speaks for this project, too.
    assert rendered_part(project) == files(Workplace(tmp_path / "fresh").render(**answers))


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
