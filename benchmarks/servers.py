"""Which server suits the projects: `python -m benchmarks.servers [framework] [--rounds N]`, a table for each framework.

One worker each, the app of the project with its log at WARNING, `/livez` under load; without access logs, but for the
line that is shown. The first of each list is what the others are compared with; against itself, it shows the noise.
Memory is what is resident of all processes; what a forked worker shares with its parent is counted twice.
"""

import argparse
import signal
import sys
import time
import traceback
from concurrent.futures import Future, ThreadPoolExecutor
from http.client import HTTPException
from typing import Any, NamedTuple

from benchmarks.load import Load, compare
from benchmarks.measure import Figure
from benchmarks.memory import resident
from benchmarks.projects import EXTENDED, EXTENDED_MODULE, GRANIAN, GUNICORN, SERVE_MODULE, UVICORN, Project, projects
from benchmarks.table import aligned
from tests.support.rendering import FRAMEWORKS
from tests.support.server import Server


class Choice(NamedTuple):
    """A server with its options; those for an access log, and those for none."""

    command: str
    logging: str = "--access-log"
    silent: str = ""


UVICORN_COMMAND = "uvicorn --port {port} APP"
GUNICORN_COMMAND = "gunicorn --bind 127.0.0.1:{port} APP --worker-class"
GRANIAN_ASGI = "granian --interface asgi --http 1 --port {port} APP"
GRANIAN_WSGI = "granian --interface wsgi --http 1 --no-ws --port {port} APP --blocking-threads"
CHOICES = {
    "fastapi": [
        Choice(f"{UVICORN_COMMAND} --loop uvloop --http httptools", "", "--no-access-log"),
        Choice(f"{UVICORN_COMMAND} --loop asyncio --http h11", "", "--no-access-log"),
        Choice(f"{GUNICORN_COMMAND} uvicorn_worker.UvicornWorker", "--access-logfile -"),
        *(
            Choice(f"{GRANIAN_ASGI} --loop {loop}{mode}")
            for loop in ("asyncio", "uvloop")
            for mode in ("", " --runtime-mode mt")
        ),
    ],
    "flask": [
        Choice(SERVE_MODULE["flask"].replace("MODULE", "extended_wsgi"), "--access-log", "--no-access-log"),
        *(
            Choice(f"{GUNICORN_COMMAND} {workers}", "--access-logfile -")
            for workers in ("gthread --threads 16", "gthread --threads 4", "sync")
        ),
        *(Choice(f"{GRANIAN_WSGI} {threads}") for threads in (1, 2, 4, 8, 16)),
        # Its backpressure is left alone: it counts open connections, and one that is idle would keep a new one waiting.
        Choice(f"{GRANIAN_WSGI} 4 --runtime-mode mt"),
    ],
}
REQUIREMENTS = {"fastapi": (UVICORN, "uvicorn-worker>=0.4,<0.5", GUNICORN, GRANIAN), "flask": (GUNICORN, GRANIAN)}
HEAD = "server; ratio; spread; requests/s; p50 ms; p99 ms; MiB idle; loaded; SIGTERM during a request; its log".split(
    "; "
)


def main() -> int:
    """Print the tables; return 1 if something could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.servers", description="Compare servers.")
    parser.add_argument("framework", nargs="?", choices=FRAMEWORKS, help="both without")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="how often each is loaded (default: 5)")
    arguments = parser.parse_args()
    failed = False
    for project in projects():
        if arguments.framework not in (None, project.framework):
            continue
        lines = [HEAD]
        for choice in CHOICES[project.framework]:
            try:
                lines.append(line(project, choice, arguments.rounds))
            except Exception:
                failed = True
                traceback.print_exc()
        print(f"{aligned(lines)}\n", flush=True)
    return int(failed)


def line(project: Project, choice: Choice, rounds: int) -> list[str]:
    """Measure one server: under load, beside the one it is compared with, and at its end."""
    with (
        server(project, choice, choice.silent) as subject,
        server(project, first := CHOICES[project.framework][0], first.silent) as baseline,
    ):
        idle = resident(subject)
        pairs = compare(rounds, "/livez", subject, baseline)
        loaded = resident(subject)
    ratio = Figure.of_ratios((load.rate, other.rate) for load, other in pairs)
    load = Load.median(load for load, _ in pairs)
    end, log = ended(project, choice)
    return [
        f"`{choice.command.replace(' --port {port}', '').replace(' --bind 127.0.0.1:{port}', '').replace(' APP', '')}`",
        f"{ratio.median:.2f}",
        f"{ratio.lowest:.2f} to {ratio.highest:.2f}",
        *(f"{load.rate:.0f}", f"{load.p50:.1f}", f"{load.p99:.1f}"),
        *(f"{idle:.0f}", f"{loaded:.0f}"),
        end,
        f"`{log}`",
    ]


def server(project: Project, choice: Choice, options: str) -> Server:
    """Make a server of the project's app and a route that takes its time."""
    app = f"{EXTENDED_MODULE[project.framework]}:app"
    command = f"{choice.command.replace('APP', app)} {options}"
    return project.server(command, *REQUIREMENTS[project.framework], LOG_LEVEL="WARNING", PYTHONPATH=str(EXTENDED))


def ended(project: Project, choice: Choice) -> tuple[str, str]:
    """End a server while it answers; say how long it took, how it left, what came of the request, and its log line."""
    with server(project, choice, choice.logging) as subject, ThreadPoolExecutor() as pool:
        answer = pool.submit(subject.get, "/slow")
        time.sleep(0.5)
        started = time.monotonic()
        code = subject.end(signal.SIGTERM)
        seconds = time.monotonic() - started
        logged = [text for text in subject.said().splitlines() if "GET /" in text]
        return f"{seconds:.1f} s, {code}, {outcome(answer)}", logged[-1] if logged else ""


def outcome(answer: Future[tuple[int, Any]]) -> str:
    try:
        status, _ = answer.result()
    except (OSError, HTTPException, ValueError):
        return "cut off"
    return f"answered {status}"


if __name__ == "__main__":
    sys.exit(main())
