"""What it costs to start a service, against importing the third-party libraries that it stands on.

The ratio is of the wall time within the process, from the first import to the finished app. The time that Python takes
to start and to leave is the same on both sides and would flatter the ratio; it is part of the seconds for a process.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Figure, Run, alternate
from benchmarks.projects import PACKAGE, Project, projects
from benchmarks.table import Reach, Row

CREATE_APP = f"import {PACKAGE}; {PACKAGE}.create_app()"
TIMED = "import time; started = time.perf_counter(); {}; print(time.perf_counter() - started)"

# What SQLAlchemy imports by itself, as the URL of the database says.
DRIVERS = {"psycopg", "sqlalchemy.dialects.postgresql.psycopg"}


def rows(rounds: int) -> Iterator[Row]:
    """Give, for each framework, the ratio within the process and the seconds that a process takes as a whole."""
    for project in projects():
        yield from rows_of(project, rounds)


def rows_of(project: Project, rounds: int) -> Iterator[Row]:
    """Measure one project; the seconds beside the ratio are the median of each side."""
    imports = f"import {', '.join(libraries(project))}"
    pairs = alternate(
        rounds,
        lambda: project.python("-c", TIMED.format(CREATE_APP)),
        lambda: project.python("-c", TIMED.format(imports)),
    )
    subject, baseline = (Figure.of(map(within, side)).median for side in zip(*pairs, strict=True))
    yield Row(
        f"`create_app()` of {project.name}, within the process: {subject:.3f} s",
        f"`{imports}`: {baseline:.3f} s",
        Figure.of_ratios((within(done), within(bare)) for done, bare in pairs),
        Reach("≤", 1.2),
    )
    yield Row(
        f"`create_app()` of {project.name}, a process as a whole",
        "",
        Figure.of(done.wall for done, _ in pairs),
        None,
        "s",
    )


def within(done: Run) -> float:
    """Return the seconds that the process measured itself."""
    return float(done.output)


def libraries(project: Project) -> list[str]:
    """Find the third-party modules that the package imports and that creating the app loads."""
    loaded = project.python("-c", f"{CREATE_APP}; import sys; print(*sys.modules)").output.split()
    named = {name for path in (project.path / PACKAGE).rglob("*.py") for name in imported(path)} | DRIVERS
    known = sys.stdlib_module_names | {PACKAGE}
    return sorted(name for name in named & set(loaded) if name.partition(".")[0] not in known)


def imported(path: Path) -> Iterator[str]:
    """Give the name of each module that a file imports, relative imports left out."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
