"""What an option costs the web process that does not use it, against the same project without it.

The time to start is within the process, as in `start`. One worker, no access logs; both servers run, and are loaded in turn.
"""

from collections.abc import Iterator

from benchmarks.load import compare
from benchmarks.measure import Figure, alternate
from benchmarks.projects import SERVE, Project, projects
from benchmarks.requests_per_second import ABOUT, row
from benchmarks.start import CREATE_APP, TIMED, within
from benchmarks.table import Reach, Row

OPTIONS = {"jobs": "celery"}
REACH = 0.97


def rows(rounds: int) -> Iterator[Row]:
    """Give the ratios of the time to start and of requests per second, for each framework and option."""
    for question, answer in OPTIONS.items():
        for subject, baseline in zip(projects(**{question: answer}), projects(), strict=True):
            name = f"{subject.name}, {question}={answer}"
            yield start(name, rounds, subject, baseline)
            with subject.server(SERVE, LOG_LEVEL="WARNING") as on, baseline.server(SERVE, LOG_LEVEL="WARNING") as off:
                pairs = compare(rounds, ABOUT, on, off)
            yield row(f"`{ABOUT}` of {name}", "without it", pairs, REACH)


def start(name: str, rounds: int, subject: Project, baseline: Project) -> Row:
    """Give the ratio of the times that `create_app()` takes: without the option to with it."""
    pairs = alternate(rounds, lambda: seconds(subject), lambda: seconds(baseline))
    on, off = (Figure.of(side).median for side in zip(*pairs, strict=True))
    return Row(
        f"`create_app()` of {name}: {on:.3f} s",
        f"without it: {off:.3f} s",
        Figure.of_ratios((without, done) for done, without in pairs),
        Reach("≥", REACH),
    )


def seconds(project: Project) -> float:
    """Return the time that `create_app()` takes within a process."""
    return within(project.python("-c", TIMED.format(CREATE_APP)))
