"""Where to render, and rendered projects to measure."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import Run, run
from tests.environments import environment
from tests.rendering import FRAMEWORKS, Workplace

PACKAGE = "my_service"
# The projects run on the Python that the benchmarks run on.
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


class Project(NamedTuple):
    """A rendered project, and an interpreter with its dependencies but without the project itself."""

    framework: str
    path: Path
    interpreter: Path
    environment: dict[str, str]

    def python(self, *arguments: str) -> Run:
        """Run the interpreter in the project's folder; the settings of the machine do not reach it."""
        return run([str(self.interpreter), *arguments], cwd=self.path, env=self.environment)


def workplace_in(folder: str) -> Workplace:
    """Make a place to render in that is gone with the folder, the copies of hooks that cookiecutter leaves as well."""
    workplace = Workplace(Path(folder) / "workplace")
    workplace.environment["TMPDIR"] = folder
    return workplace


def projects() -> Iterator[Project]:
    """Render a project for each framework, which lasts until the next one is asked for."""
    for framework in FRAMEWORKS:
        with tempfile.TemporaryDirectory() as folder:
            workplace = workplace_in(folder)
            path = workplace.render(framework=framework, package_name=PACKAGE)
            interpreter = environment(path, PYTHON) / "python"
            yield Project(framework, path, interpreter, workplace.environment)
