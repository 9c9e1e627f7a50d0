"""What leaves a project: neither git nor a distribution takes secrets and data along."""

import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.support.environments import uv
from tests.support.rendering import Workplace, files

# Whatever was chosen, and what only a project with a database has.
SECRET = [
    ".env",
    ".env.production",
    ".env.local",
    "server.key",
    "deploy/tls.pem",
    "my_service/client.p12",
    "id_ed25519",
]
SECRET += [
    "my_service/.env",
    "migrations/.env",
    "migrations/server.key",
    "tests/server.key",
    ".pypirc",
    ".netrc",
    "backup.dump",
    "service.log",
]
DATA = ["service.db", "service.db-wal", "my_service/service.db", "instance/development.db", "instance/secret.txt"]
SQLITE = ["service.sqlite", "service.sqlite3", "tests/service.sqlite3-shm"]
# What only a repository needs.
REPOSITORY = (
    *(".devcontainer/", ".dockerignore", ".editorconfig", ".gitattributes", ".github/", ".pre-commit-config.yaml"),
    *("Dockerfile", "compose.yaml", "deploy/"),
)
# What nobody has thought of stays in the folder, and can be committed.
UNKNOWN = ["notes.txt", "customers.csv"]
VARIANTS = [("sqlite", [*SECRET, *DATA, *SQLITE]), ("postgresql", [*SECRET, *DATA]), ("none", SECRET)]


def write(project: Path, names: list[str]) -> None:
    for name in names:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("a secret", encoding="utf-8")


@pytest.mark.parametrize("framework", ["fastapi", "flask"])
@pytest.mark.parametrize(("database", "hidden"), VARIANTS)
def test_git_adds_no_secrets(workplace: Workplace, framework: str, database: str, hidden: list[str]) -> None:
    project = workplace.render(framework=framework, database=database)
    rendered = set(files(project))
    write(project, [*hidden, *UNKNOWN])
    workplace.git("init", "--quiet", cwd=project)

    added = workplace.git("add", "--all", "--dry-run", cwd=project)

    assert {line.split("'")[1] for line in added.splitlines()} == {*rendered, *UNKNOWN}
    assert ".env.example" in rendered


@pytest.mark.slow
@pytest.mark.parametrize("framework", ["fastapi", "flask"])
@pytest.mark.parametrize(("database", "hidden"), VARIANTS)
def test_distributions_contain_no_secrets(
    workplace: Workplace, framework: str, database: str, hidden: list[str], tmp_path: Path
) -> None:
    project = workplace.render(framework=framework, database=database)
    rendered = set(files(project))
    write(project, [*hidden, *UNKNOWN])

    uv("build", "--quiet", "--out-dir", str(tmp_path), str(project))

    (source,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        packed = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    of_the_repository = {name for name in rendered if name.startswith(REPOSITORY)}
    assert packed == {*rendered, "PKG-INFO"} - of_the_repository
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive_of_wheel:
        installed = {name for name in archive_of_wheel.namelist() if ".dist-info/" not in name}
    moved = {name.replace("migrations/", "my_service/migrations/", 1) for name in rendered}
    assert installed == {name for name in moved if name.startswith("my_service/")}
