"""Processes of a project that run jobs, which a test may kill."""

import json
import os
import signal
import subprocess
import tempfile
from contextlib import suppress
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


class Workers:
    """The workers of a project, with a database of their own, and jobs that leave an effect each."""

    def __init__(self, project: Path, broker_url: str = "") -> None:
        self.project = project
        self.commands = DISTRIBUTED if broker_url else EMBEDDED
        self.python = environment(project, PYTHONS[0]) / "python"
        self.settings = own_database_of(project) | ({"BROKER_URL": broker_url} if broker_url else {})
        self.victims = cycle(range(len(self.commands)))

    def __enter__(self) -> Self:
        self.folder = tempfile.TemporaryDirectory()
        self.log = Path(self.folder.name, "log").open("w")
        self.processes = [self.start(command) for command in self.commands]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for process in self.processes:
            with suppress(ProcessLookupError):
                process.kill()
            process.wait()
        self.log.close()
        self.folder.cleanup()

    def environment(self) -> dict[str, str]:
        heartbeat = str(Path(self.folder.name, "worker"))
        return os.environ | self.settings | {"PYTHONPATH": str(self.project), "JOB_HEARTBEAT": heartbeat}

    def start(self, command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [self.python, SCRIPT, command], cwd=self.project, env=self.environment(), stdout=self.log, stderr=self.log
        )

    def run(self, *arguments: object) -> str:
        """Run a command of the script, and return its output."""
        command = [self.python, SCRIPT, *map(str, arguments)]
        done = subprocess.run(command, cwd=self.project, env=self.environment(), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def enqueue(self, count: int, seconds: float) -> None:
        self.run("enqueue", count, seconds)

    def wait(self, effects: int = 0, seconds: float = 60) -> dict[str, Any]:
        """Wait for some effects, or for the end of all jobs; return what is in the table then."""
        state: dict[str, Any] = json.loads(self.run("wait", effects, seconds))
        return state

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
