"""How long the suite of a project takes, as its `make test` runs it; against nothing."""

from collections.abc import Iterator

from benchmarks.measure import Figure, repeat
from benchmarks.projects import Project, projects
from benchmarks.table import Reach, Row


def rows(rounds: int) -> Iterator[Row]:
    """Give the wall time of the suite with coverage, in seconds, for each framework."""
    for project in projects():
        yield row(project, rounds)


def row(project: Project, rounds: int) -> Row:
    """Measure one project, in seconds."""
    runs = repeat(rounds, lambda: project.python("-m", "pytest", "--cov"))
    return Row(
        f"`python -m pytest --cov` of {project.framework}",
        "",
        Figure.of(done.wall for done in runs),
        Reach("≤", 3.0),
        "s",
    )
