"""Projects that cruft renders, compares and brings up to date, without a wrapper of ours."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.rendering import TEMPLATE, Workplace, files


@pytest.fixture
def template(workplace: Workplace) -> Path:
    """Commit the working tree to a repository of its own, which a test may change."""
    repository = workplace.root / "template"
    listed = [
        "git",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "cookiecutter.json",
        "hooks",
        "{{*",
    ]
    names = subprocess.run(listed, cwd=TEMPLATE, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (TEMPLATE / name).exists():
            (repository / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TEMPLATE / name, repository / name)
    commit(workplace, repository, "init", "--quiet")
    return repository


def commit(workplace: Workplace, repository: Path, *first: str) -> None:
    for command in filter(None, [first, ("add", "--all"), ("commit", "--quiet", "--message", "change")]):
        done = workplace.run("git", *command, cwd=repository)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def project(workplace: Workplace, template: Path) -> Path:
    """Render with cruft and commit, as a user does."""
    done = workplace.run("cruft", "create", template, "--no-input")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    commit(workplace, workplace.output / "my-service", "init", "--quiet")
    return workplace.output / "my-service"


def rendered(project: Path) -> dict[str, bytes]:
    """Return the files that the template answers for."""
    return {
        name: content
        for name, content in files(project).items()
        if name != ".cruft.json" and not name.startswith(".git/")
    }


def test_cruft_renders_what_cookiecutter_renders(workplace: Workplace, project: Path, tmp_path: Path) -> None:
    assert rendered(project) == files(Workplace(tmp_path / "plain").render())
    assert workplace.run("cruft", "check", cwd=project).returncode == 0
    assert workplace.run("cruft", "diff", "--exit-code", cwd=project).returncode == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"framework": "flask"},
        {"framework": "flask", "license": "Proprietary", "description": "Something else, 'quoted'"},
        {"license": "GPL-3.0-or-later"},
        {"package_name": "other_name"},
        {"author_name": "Zoë", "author_email": "zoe@example.com", "project_name": "Renamed"},
    ],
    ids=lambda changed: ",".join(changed),
)
def test_changed_answers_give_what_a_fresh_render_gives(
    workplace: Workplace, project: Path, changed: dict[str, str], tmp_path: Path
) -> None:
    done = workplace.run(
        "cruft", "update", "--skip-apply-ask", "--variables-to-update", json.dumps(changed), cwd=project
    )

    assert done.returncode == 0, done.stdout + done.stderr
    answers = {"project_slug": "my-service", "package_name": "my_service"} | changed
    assert rendered(project) == files(Workplace(tmp_path / "fresh").render(**answers))


def test_update_keeps_what_the_user_changed(workplace: Workplace, template: Path, project: Path) -> None:
    endpoint = project / "my_service" / "about" / "router.py"
    endpoint.write_text(
        endpoint.read_text() + '\n\n@router.get("/mine")\nasync def read_mine() -> None:\n    """Mine."""\n'
    )
    commit(workplace, project)
    example = template / "{{cookiecutter.project_slug}}" / ".env.example"
    example.write_text(example.read_text() + "\n# Something new\n")
    commit(workplace, template)

    assert workplace.run("cruft", "check", cwd=project).returncode == 1
    done = workplace.run("cruft", "update", "--skip-apply-ask", cwd=project)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "read_mine" in endpoint.read_text()
    assert "Something new" in (project / ".env.example").read_text()
    assert list(project.rglob("*.rej")) == []
    assert workplace.run("cruft", "check", cwd=project).returncode == 0


def test_update_refuses_a_bad_answer_and_changes_nothing(workplace: Workplace, project: Path) -> None:
    before = files(project)
    done = workplace.run(
        "cruft", "update", "--skip-apply-ask", "--variables-to-update", '{"package_name": "class"}', cwd=project
    )

    assert done.returncode == 1
    assert "package_name: 'class' is a keyword of Python; " in done.stderr
    assert files(project) == before


def test_create_over_a_project_is_refused(workplace: Workplace, template: Path, project: Path) -> None:
    before = files(project)

    done = workplace.run("cruft", "create", template, "--no-input", "--overwrite-if-exists")

    assert done.returncode == 1
    assert f"{project} holds files already, and nothing was changed; " in done.stderr
    assert "`cruft update`" in done.stderr
    assert files(project) == before
