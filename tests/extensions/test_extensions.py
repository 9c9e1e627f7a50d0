"""Each extension of docs/extensions.md in a project, with the code of the page and the newest versions."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.environments import CACHE, run_in
from tests.support.extensions import (
    PAGE,
    PROOFS,
    Extension,
    environment_with_extensions,
    extensions,
    rows,
    version_of,
)
from tests.support.variants import Variant

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
# Code of several proofs, and proofs for projects with pages.
SHARED, PAGES = PROOFS / "shared", PROOFS / "pages"
OUTCOMES = ("works", "does not")


def test_page_has_a_row_a_section_and_a_proof_for_each_extension() -> None:
    sections = {(each.framework, each.name) for each in extensions()}

    assert set(rows()) == sections
    assert {path.relative_to(PROOFS) for path in PROOFS.glob("*/*.py") if path.parent not in (SHARED, PAGES)} == {
        each.proof.relative_to(PROOFS) for each in extensions()
    }
    assert [row for row in rows().items() if not row[1].startswith(OUTCOMES)] == []
    assert [each.name for each in extensions() if not each.requirements] == []


def with_and_without_pages() -> list[tuple[Extension, str]]:
    """Return the extensions, those of pages also for a project that has pages."""
    of_pages = [each for each in extensions() if (PAGES / each.proof.name).exists()]
    return [(each, "none") for each in extensions()] + [(each, "html") for each in of_pages]


def test_proofs_for_pages_are_of_extensions() -> None:
    proven = [each.proof.name for each, pages in with_and_without_pages() if pages == "html"]

    assert sorted(proven) == sorted(path.name for path in PAGES.glob("*.py"))
    _, section, _ = re.split(
        r"^## (?:Extensions in a project with pages|Flask)$", PAGE.read_text(encoding="utf-8"), flags=re.M
    )
    named = re.findall(r"^\| \[(.+?)\]", section, re.M)
    assert sorted(named) == sorted(each.name for each, pages in with_and_without_pages() if pages == "html")


@pytest.mark.extensions
@pytest.mark.parametrize(
    ("extension", "pages"),
    with_and_without_pages(),
    ids=lambda each: f"{each.framework}-{each.name}" if isinstance(each, Extension) else each,
)
def test_extension_does_its_job(
    extension: Extension,
    pages: str,
    render_once: Callable[[Variant], Path],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    rendered = render_once(Variant.of({"framework": extension.framework, "pages": pages}))
    project = shutil.copytree(rendered, tmp_path / "my-service")
    binaries = environment_with_extensions(rendered, extension.framework)
    versions = [f"{each} {version_of(binaries, each)}" for each in (*extension.requirements, extension.framework)]
    record_property("extension", f"{extension.framework}, pages={pages}: {extension.name} ({', '.join(versions)})")

    extension.apply(project)

    run_in(binaries, project, "ruff", "check", ".")
    run_in(binaries, project, "ruff", "format", "--check", ".")
    run_in(binaries, project, "mypy", "--cache-dir", str(CACHE.with_name(f"mypy-extensions-{WORKER}")))
    shutil.copy(extension.proof, project / "tests" / "test_extension.py")
    shutil.copytree(SHARED, project / "tests" / "shared")
    proofs = ["tests/test_extension.py"]
    if pages == "html":
        shutil.copy(PAGES / extension.proof.name, project / "tests" / "test_extension_of_pages.py")
        proofs.append("tests/test_extension_of_pages.py")
    run_in(binaries, project, "pytest", "-q", "--show-capture=no", *proofs, "tests/test_layers.py")
