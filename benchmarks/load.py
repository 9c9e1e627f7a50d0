"""Servers under load: `wrk` with one thread, on this machine."""

import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Self

from benchmarks.measure import Figure, Missing, alternate
from tests.support.server import Server

SECONDS = 2
MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60000.0}


class Load(NamedTuple):
    """Requests per second, and the milliseconds within which 50 and 99 % of them were answered."""

    rate: float
    p50: float
    p99: float

    @classmethod
    def median(cls, loads: Iterable["Load"]) -> Self:
        """Sum up several: the median of each figure."""
        return cls(*(Figure.of(values).median for values in zip(*loads, strict=True)))

    def __str__(self) -> str:
        return f"{self.rate:,.0f}/s, p99 {self.p99:.1f} ms"


def load(server: Server, path: str, connections: int = 32, headers: Mapping[str, str] = {}) -> Load:
    """Ask for one path as fast as it is answered; raise RuntimeError if an answer was an error, or did not come."""
    wrk = shutil.which("wrk")
    if not wrk:
        raise Missing("`wrk` is not on the path; Debian has it in the package `wrk`")
    options = ["-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency"]
    options += [f"-H{name}: {value}" for name, value in headers.items()]
    command = [wrk, *options, f"http://127.0.0.1:{server.port}{path}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode or re.search("Non-2xx|Socket errors", done.stdout):
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return Load(
        float(found(r"Requests/sec:\s+([\d.]+)", done.stdout)[0]),
        *(milliseconds(*found(rf"{percent}%\s+([\d.]+)([a-z]+)", done.stdout)) for percent in (50, 99)),
    )


def found(pattern: str, text: str) -> tuple[str, ...]:
    match = re.search(pattern, text)
    if not match:
        raise RuntimeError(f"no {pattern} in\n{text}")
    return match.groups()


def milliseconds(number: str, unit: str) -> float:
    return float(number) * MILLISECONDS[unit]


def compare(
    rounds: int, path: str, subject: Server, baseline: Server, headers: Mapping[str, str] = {}
) -> list[tuple[Load, Load]]:
    """Load two running servers in turn, the other one being idle; both have to give the same answer.

    The headers are for the subject alone.
    """
    answers = subject.get(path, headers=headers), baseline.get(path)
    if answers[0] != answers[1]:
        raise RuntimeError("{} is answered differently: {:.200} and {:.200}".format(path, *map(str, answers)))
    return alternate(rounds, lambda: load(subject, path, headers=headers), lambda: load(baseline, path))
