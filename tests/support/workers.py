"""Processes of a project that run jobs, which a test may kill."""

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.databases import own_database_of
from tests.support.environments import environment
from tests.support.interpreters import PYTHONS

SCRIPT = Path(__file__).parent / "under_load" / "jobs_under_load.py"
# Without a broker, workers run jobs themselves; with one, a worker hands them to Celery.
EMBEDDED = ["worker", "worker"]
DISTRIBUTED = ["celery-worker", "worker", "celery-worker"]

State = dict[str, Any]


class Workers:
    """The workers of a project, with a database of their own, and jobs that leave an effect each."""

    def __init__(
        self, project: Path, broker_url: str | None, *, jobs: int, seconds: float, commands: Sequence[str] = ()
    ) -> None:
        self.project = project
        self.commands = commands or (DISTRIBUTED if broker_url else EMBEDDED)
        self.arguments = ["enqueue", str(jobs), str(seconds)]
        self.python = environment(project, PYTHONS[0]) / "python"
        self.settings = own_database_of(project) | {"BROKER_URL": broker_url or ""}
        self.victims = cycle(range(len(self.commands)))
        self.resources = ExitStack()

    def __enter__(self) -> Self:
        folder = Path(self.resources.enter_context(tempfile.TemporaryDirectory()))
        self.settings |= {"PYTHONPATH": str(self.project), "JOB_HEARTBEAT": str(folder / "worker")}
        self.log = self.resources.enter_context((folder / "log").open("w"))
        self.processes: list[subprocess.Popen[str]] = []
        self.observer = self.start(*self.arguments, stdout=subprocess.PIPE)
        # The jobs are there.
        self.wait_until(lambda state: True, seconds=60)
        self.processes = [self.start(command) for command in self.commands]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for process in [self.observer, *self.processes]:
            process.kill()
            process.communicate()
        self.resources.close()

    def start(self, *command: str, stdout: Any = None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.python, SCRIPT, *command],
            cwd=self.project,
            env=os.environ | self.settings,
            stdout=stdout or self.log,
            stderr=self.log,
            text=True,
        )

    def wait_until(self, condition: Callable[[State], bool], *, seconds: float) -> State:
        """Wait for a state of the table, and return it."""
        deadline = time.monotonic() + seconds
        assert self.observer.stdout
        for line in self.observer.stdout:
            state: State = json.loads(line)
            if condition(state):
                return state
            assert time.monotonic() < deadline, f"{state}\n{self.said()}"
        raise AssertionError(self.said())

    def kill(self) -> None:
        """Kill one of the processes, each in its turn, and start another one."""
        number = next(self.victims)
        self.processes[number].kill()
        self.processes[number].wait()
        self.processes[number] = self.start(self.commands[number])

    def stop(self) -> list[int]:
        """Send SIGTERM to all processes, and return their exit codes."""
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        return [process.wait(30) for process in self.processes]

    def said(self) -> str:
        """Return the logs of all processes."""
        return Path(self.log.name).read_text()
