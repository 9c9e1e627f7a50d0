"""How long the suite of a project takes, as its `make test` runs it; against nothing."""

from collections.abc import Iterator

from benchmarks.measure import Figure, repeat
from benchmarks.projects import Project, projects
from benchmarks.table import Reach, Row

# The seconds to reach with a database; what PostgreSQL's tests need of a server is part of them.
REACH = {"none": 3.0, "sqlite": None, "postgresql": 6.0}


def rows(rounds: int) -> Iterator[Row]:
    """Give the wall time of the suite with coverage, in seconds, for each database and framework."""
    for database in REACH:
        for project in projects(database=database):
            yield row(project, rounds)


def row(project: Project, rounds: int) -> Row:
    """Measure one project, in seconds."""
    runs = repeat(rounds, lambda: project.python("-m", "pytest", "--cov"))
    reach = REACH[project.answers["database"]]
    return Row(
        f"`python -m pytest --cov` of {project.name}",
        "",
        Figure.of(done.wall for done in runs),
        Reach("≤", reach) if reach else None,
        "s",
    )
