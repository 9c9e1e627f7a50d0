"""Measure the cost of Sentry and OpenTelemetry in a project: `python -m benchmarks.telemetry [rounds]`.

A figure is the CPU time of a request to /api/v1/about in a process without a server, with the code of docs/extensions.md
and a client that discards all that it would send, against the same project without it. It needs the network once.
"""

import os
import sys
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.measure import Figure, alternate, run
from benchmarks.projects import EXTENDED
from tests.support.extensions import Extension, environment_with_extensions, extensions
from tests.support.rendering import Workplace

TOOLS = {"Sentry": "sentry", "OpenTelemetry": "otel"}


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    print("| framework | extension | µs without | µs with | ratio | spread |\n|---|---|---|---|---|---|")
    for extension in extensions():
        if tool := next((tool for name, tool in TOOLS.items() if extension.name.startswith(name)), None):
            print(row(extension, tool, rounds), flush=True)


def row(extension: Extension, tool: str, rounds: int) -> str:
    """Return the row of an extension."""
    with_it, without = (rendered(extension.framework) for _ in range(2))
    extension.apply(with_it)
    python = environment_with_extensions(without, extension.framework) / "python"
    pairs = alternate(rounds, partial(cpu, python, with_it, tool), partial(cpu, python, without, "none"))
    ratio = Figure.of_ratios(pairs)
    subject, baseline = (Figure.of(side) for side in zip(*pairs, strict=True))
    return (
        f"| {extension.framework} | {extension.name} | {baseline.median:.0f} | {subject.median:.0f}"
        f" | {ratio.median:.2f} | {ratio.lowest:.2f} to {ratio.highest:.2f} |"
    )


def cpu(python: Path, project: Path, tool: str) -> float:
    """Return the CPU time of a request in microseconds."""
    variables = {"PYTHONPATH": str(project), "SENTRY_DSN": "https://key@sentry.example.com/1", "LOG_LEVEL": "WARNING"}
    done = run([str(python), str(EXTENDED / "cpu_per_request.py"), tool], cwd=project, env=os.environ | variables)
    return float(done.output)


def rendered(framework: str) -> Path:
    """Return a rendered project."""
    return Workplace(Path(mkdtemp())).render(framework=framework)


if __name__ == "__main__":
    main()
