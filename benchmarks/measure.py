"""Run commands, measure them in turn, and sum up what was measured."""

import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, Self, TypeVar

T = TypeVar("T")


class Missing(Exception):
    """What is needed is not on this machine, and no package of the environment; the message names it."""


class Run(NamedTuple):
    """One run of a command: its wall time and the CPU time of all its processes, in seconds, and what it printed."""

    wall: float
    cpu: float
    output: str


class Figure(NamedTuple):
    """The median of what the rounds gave, the lowest and the highest; in seconds, or a ratio."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """Sum up at least one value."""
        ordered = sorted(values)
        return cls(statistics.median(ordered), ordered[0], ordered[-1])

    @classmethod
    def of_ratios(cls, pairs: Iterable[tuple[float, float]]) -> Self:
        """Sum up the ratios within pairs: what slows the machine for a while, slows both sides of a pair."""
        return cls.of(subject / baseline for subject, baseline in pairs)


def run(command: list[str], *, cwd: Path, env: Mapping[str, str]) -> Run:
    """Run a command to its end; raise RuntimeError with all that it said if it fails.

    CPU time is user and system time, of the command and of the processes that it waited for. Byte code is cached,
    whatever the environment says, as it is for most users.
    """
    cached = {name: value for name, value in env.items() if name != "PYTHONDONTWRITEBYTECODE"}
    cpu, started = cpu_of_children(), time.perf_counter()
    done = subprocess.run(command, cwd=cwd, env=cached, capture_output=True, text=True)
    wall = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} left with {done.returncode}\n{done.stdout}{done.stderr}")
    return Run(wall, cpu_of_children() - cpu, done.stdout)


def cpu_of_children() -> float:
    """Return the CPU time of all processes that this one has waited for, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def repeat(rounds: int, subject: Callable[[], T]) -> list[T]:
    """Call once to warm up, then once each round."""
    subject()
    return [subject() for _ in range(rounds)]


def alternate(rounds: int, subject: Callable[[], T], baseline: Callable[[], T]) -> list[tuple[T, T]]:
    """Call both once to warm up, then both each round, in turn the one or the other first."""
    subject()
    baseline()
    pairs = []
    for number in range(rounds):
        if number % 2:
            bare = baseline()
            pairs.append((subject(), bare))
        else:
            pairs.append((subject(), baseline()))
    return pairs
