"""Measure, and print one table: `python -m benchmarks [name …] [--rounds N]`.

The figures are for reading: the exit code is 0 whatever they say, and 1 only if something could not be measured.
"""

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Iterator

from benchmarks import accounts, body, database, options, pages, render, requests_per_second, start, suite
from benchmarks.measure import Missing
from benchmarks.projects import PYTHON
from benchmarks.table import Row, markdown

# Each is given the number of rounds, and gives the rows of the table as they are measured.
BENCHMARKS: dict[str, Callable[[int], Iterator[Row]]] = {
    "render": render.rows,
    "start": start.rows,
    "suite": suite.rows,
    "requests": requests_per_second.rows,
    "body": body.rows,
    "database": database.rows,
    "accounts": accounts.rows,
    "options": options.rows,
    "pages": pages.rows,
}


def main() -> int:
    """Run what was asked for, all without names; return the exit code."""
    arguments = parse()
    rows: list[Row] = []
    failed = False
    for name in arguments.names or BENCHMARKS:
        tell(f"{name} …")
        try:
            for row in BENCHMARKS[name](arguments.rounds):
                tell(f"  {row.what}")
                rows.append(row)
        except Missing as missing:
            failed = True
            print(f"{name} could not be measured: {missing}", file=sys.stderr)
        except Exception:
            failed = True
            traceback.print_exc()
            print(f"{name} could not be measured", file=sys.stderr)
    print(f"Python {PYTHON}, {os.cpu_count()} cores, {arguments.rounds} rounds; spread is the lowest to the highest.\n")
    print(markdown(rows))
    return int(failed)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure, and print one table.")
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(BENCHMARKS)}; all without any")
    parser.add_argument("--rounds", type=int, default=9, metavar="N", help="how often each is measured (default: 9)")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BENCHMARKS):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    if arguments.rounds < 1:
        parser.error("at least one round is needed")
    return arguments


def tell(progress: str) -> None:
    """Say how far it got, but only to a person."""
    if sys.stderr.isatty():
        print(progress, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
