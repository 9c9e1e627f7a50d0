"""Every combination has exactly the files that the listing says, and cookiecutter writes what these tests look at."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.every_combination import renders, spanning, write
from tests.support.listing import PAGE, expected_files, page
from tests.support.rendering import Workplace, files
from tests.support.template import compiled
from tests.support.variants import Variant, rows


def test_every_combination_has_exactly_the_files_of_the_listing() -> None:
    wrong = {
        f"{path} with {variant.name()}"
        for variant, found in renders().items()
        for path in expected_files(variant) ^ set(found)
    }

    assert wrong == set()


def test_listing_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tools.listing"


@pytest.mark.parametrize("row", rows(), ids=Variant.name)
def test_row_is_rendered_as_computed(row: Variant, render_once: Callable[[Variant], Path]) -> None:
    project = render_once(row)

    found = {name: content.decode() for name, content in files(project).items()}
    assert found == compiled().render(row.answers)
    assert [path for path in project.rglob("*") if path.is_dir() and not any(path.iterdir())] == []


def test_command_line_writes_the_same(workplace: Workplace, render_once: Callable[[Variant], Path]) -> None:
    row = rows()[0]

    assert files(workplace.render(**row.answers)) == files(render_once(row))


def test_what_a_project_makes_is_not_committed(tmp_path: Path, workplace: Workplace) -> None:
    seen = set()
    for number, variant in enumerate(spanning()):
        found = renders()[variant]
        if found[".gitignore"] in seen:
            continue
        seen.add(found[".gitignore"])
        project = write(found, tmp_path / f"{number}")
        made = [".env", ".env.production", ".venv/bin/python", ".coverage", "my_service/__pycache__/cli.pyc"]
        made += ["dist/my_service.whl", "server.key"]
        made += ["instance/development.db", "service.db"] if variant.answers["database"] != "none" else []
        for name in made:
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).touch()

        workplace.git("init", "--quiet", cwd=project)
        workplace.git("add", "--all", cwd=project)

        assert set(workplace.git("ls-files", cwd=project).splitlines()) == set(found)


def test_every_file_of_the_template_is_in_some_combination() -> None:
    template = compiled()
    chosen = {
        source.path for variant in renders() for source in template.chosen(template.context(variant.answers)).values()
    }

    assert {source.path for source in template.sources} - chosen == set()
