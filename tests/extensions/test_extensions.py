"""Each extension of docs/extensions.md in a project, with the code of the page and the newest versions."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.environments import CACHE, run_in
from tests.support.extensions import (
    PROOFS,
    Extension,
    environment_with_extensions,
    extensions,
    rows,
    version_of,
)
from tests.support.variants import Variant

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
# Code of several proofs.
SHARED = PROOFS / "shared"
OUTCOMES = ("works", "does not")


def test_page_has_a_row_a_section_and_a_proof_for_each_extension() -> None:
    sections = {(each.framework, each.name) for each in extensions()}

    assert set(rows()) == sections
    assert {path.relative_to(PROOFS) for path in PROOFS.glob("*/*.py") if path.parent != SHARED} == {
        each.proof.relative_to(PROOFS) for each in extensions()
    }
    assert [row for row in rows().items() if not row[1].startswith(OUTCOMES)] == []
    assert [each.name for each in extensions() if not each.requirements] == []


@pytest.mark.extensions
@pytest.mark.parametrize("extension", extensions(), ids=lambda each: f"{each.framework}-{each.name}")
def test_extension_does_its_job(
    extension: Extension,
    render_once: Callable[[Variant], Path],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    rendered = render_once(Variant.of({"framework": extension.framework}))
    project = shutil.copytree(rendered, tmp_path / "my-service")
    binaries = environment_with_extensions(rendered, extension.framework)
    versions = [f"{each} {version_of(binaries, each)}" for each in (*extension.requirements, extension.framework)]
    record_property("extension", f"{extension.framework}: {extension.name} ({', '.join(versions)})")

    extension.apply(project)

    run_in(binaries, project, "ruff", "check", ".")
    run_in(binaries, project, "ruff", "format", "--check", ".")
    run_in(binaries, project, "mypy", "--cache-dir", str(CACHE.with_name(f"mypy-extensions-{WORKER}")))
    shutil.copy(extension.proof, project / "tests" / "test_extension.py")
    shutil.copytree(SHARED, project / "tests" / "shared")
    run_in(binaries, project, "pytest", "-q", "--show-capture=no", "tests/test_extension.py", "tests/test_layers.py")
