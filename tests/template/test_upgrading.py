"""The page on upgrading has a row for each file that a released version had, and this one has not."""

import re
import subprocess
from pathlib import Path

from tests.support.rendering import TEMPLATE, Workplace

PAGE = TEMPLATE / "docs" / "upgrading.md"
PROJECT = "{{cookiecutter.project_slug}}/"


def git(repository: Path, *arguments: str) -> list[str]:
    """Return the lines that git prints."""
    command = ["git", "-C", str(repository), "-c", "core.quotePath=false", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def rendered_paths(paths: list[str]) -> set[str]:
    """Return the paths of files in a rendered project, without the folders of options."""
    own = (path.removeprefix(PROJECT) for path in paths if path.startswith(PROJECT))
    return {re.sub(r"^_options/[^/]+/", "", path).replace("{{cookiecutter.package_name}}", "{package}") for path in own}


def undocumented(repository: Path, page: str) -> set[str]:
    """Return the files of the last tag that are gone without a row."""
    tags = git(repository, "tag", "--sort=-creatordate", "--merged", "HEAD")
    if not tags:
        return set()
    before = rendered_paths(git(repository, "ls-tree", "-r", "--name-only", tags[0]))
    gone = before - rendered_paths(git(repository, "ls-files"))
    return gone - set(re.findall(r"^\| [^|]+ \| `([^`]+)` \|", page, re.MULTILINE))


def test_each_file_that_is_gone_has_a_row() -> None:
    assert undocumented(TEMPLATE, PAGE.read_text(encoding="utf-8")) == set()


def test_a_file_that_is_gone_without_a_row_is_reported(workplace: Workplace, tmp_path: Path) -> None:
    package = tmp_path / PROJECT / "_options" / "flask" / "{{cookiecutter.package_name}}"
    package.mkdir(parents=True)
    for name in ("moved", "deleted", "promoted"):
        (package / f"{name}.py").touch()
    workplace.git("init", "--quiet", cwd=tmp_path)
    workplace.git("add", "--all", cwd=tmp_path)
    workplace.git("commit", "--quiet", "-m", "first", cwd=tmp_path)
    assert undocumented(tmp_path, "") == set()
    workplace.git("tag", "v1", cwd=tmp_path)
    shared = tmp_path / PROJECT / "{{cookiecutter.package_name}}"
    shared.mkdir()
    for source, target in (("moved", package / "new.py"), ("promoted", shared / "promoted.py")):
        workplace.git("mv", package / f"{source}.py", target, cwd=tmp_path)
    workplace.git("rm", "--quiet", package / "deleted.py", cwd=tmp_path)
    workplace.git("commit", "--quiet", "-m", "second", cwd=tmp_path)

    assert undocumented(tmp_path, "") == {"{package}/moved.py", "{package}/deleted.py"}
    assert undocumented(tmp_path, "| 1 | `{package}/moved.py` | `{package}/new.py` |\n") == {"{package}/deleted.py"}
