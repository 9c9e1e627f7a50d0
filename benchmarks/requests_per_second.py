"""What a request costs, against a bare app on the same server and against how others deploy the same project.

One worker everywhere. Both servers of a pair run at the same time, in the same environment unless it says otherwise, and
write their logs to a file. What a row says of log lines was counted, not taken from the options.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.load import Load, compare
from benchmarks.measure import Figure
from benchmarks.projects import GUNICORN, SERVE, UVICORN, Project, projects, serve_module
from benchmarks.table import Reach, Row
from tests.support.server import Server

BARE = Path(__file__).parent / "bare"
LIVENESS, ABOUT = "/livez", "/api/v1/about"


class Stack(NamedTuple):
    """A server: how it runs a project, and a bare app with and without an access log; what to reach without."""

    name: str
    project: str
    bare: str
    logging: str
    silent: str
    requirements: tuple[str, ...]
    reach: float


UVICORN_COMMAND = "uvicorn --port {port} asgi:app"
STACKS = {
    "fastapi": [Stack("its server", SERVE, serve_module("fastapi", "bare_asgi"), "--access-log", "", (), 0.9)],
    "flask": [Stack("its server", SERVE, serve_module("flask", "bare_wsgi"), "--access-log", "", (), 0.85)],
}
# How others deploy the same project, in an environment that has their server, and the ratio to reach.
ELSEWHERE = {
    "fastapi": (UVICORN_COMMAND, UVICORN, 1.3),
    "flask": (
        "gunicorn --bind 127.0.0.1:{port} --worker-class gthread --threads 16 --access-logfile - wsgi:app",
        GUNICORN,
        2.0,
    ),
}


def rows(rounds: int) -> Iterator[Row]:
    """Give the ratios of requests per second for each framework, and of the slowest percent as deployed."""
    for project in projects():
        for stack in STACKS[project.framework]:
            yield against_bare(project, rounds, stack, LIVENESS, 1.05, logging=True)
            for path in (LIVENESS, ABOUT):
                reach = 0.85 if path == ABOUT else stack.reach
                yield against_bare(project, rounds, stack, path, reach, logging=False)
        yield from as_deployed(project, rounds)


def against_bare(project: Project, rounds: int, stack: Stack, path: str, reach: float, *, logging: bool) -> Row:
    """Measure one route of the project against the same route of a bare app, with or without logs on both sides."""
    options = stack.logging if logging else stack.silent
    with (
        project.server(stack.project, *stack.requirements, LOG_LEVEL="INFO" if logging else "WARNING") as subject,
        project.server(f"{stack.bare} {options}", *stack.requirements, PYTHONPATH=str(BARE)) as baseline,
    ):
        lines, bare_lines = lines_of(subject, path), lines_of(baseline, path)
        pairs = compare(rounds, path, subject, baseline)
    return row(
        f"`{path}` of {project.name} on {stack.name}, {lines}",
        f"the same on a bare app, {bare_lines}",
        pairs,
        reach,
    )


def as_deployed(project: Project, rounds: int) -> Iterator[Row]:
    """Measure the project on its own server and log, against itself on a usual server and that server's log as well."""
    command, requirement, reach = ELSEWHERE[project.framework]
    with project.server(SERVE) as subject, project.server(command, requirement) as baseline:
        lines, usual_lines = lines_of(subject, LIVENESS), lines_of(baseline, LIVENESS)
        pairs = compare(rounds, LIVENESS, subject, baseline)
    name, *_ = command.split()
    yield row(f"{project.name} as deployed, {lines}", f"on {name}, {usual_lines}", pairs, reach)
    subjects, baselines = zip(*pairs, strict=True)
    yield Row(
        f"{project.name} as deployed, p99: {Load.median(subjects).p99:.1f} ms",
        f"on {name}: {Load.median(baselines).p99:.1f} ms",
        Figure.of_ratios((done.p99, usual.p99) for done, usual in pairs),
        Reach("≤", 1.0),
    )


def row(what: str, against: str, pairs: list[tuple[Load, Load]], reach: float | None) -> Row:
    """Give the ratio of requests per second, and the medians of each side."""
    subject, baseline = (Load.median(side) for side in zip(*pairs, strict=True))
    return Row(
        f"{what}: {subject}",
        f"{against}: {baseline}",
        Figure.of_ratios((done.rate, bare.rate) for done, bare in pairs),
        Reach("≥", reach) if reach else None,
    )


def lines_of(server: Server, path: str) -> str:
    """Say how many lines the server logs for one request."""
    counts = []
    for _ in range(2):
        server.get(path)
        time.sleep(0.3)  # the line may come after the answer
        counts.append(server.said().count("\n"))
    lines = counts[1] - counts[0]
    return "1 log line" if lines == 1 else f"{lines} log lines"
