"""Jobs per second with and without a broker, against Celery alone, and the time from a commit to the end of its job: `python -m benchmarks.jobs [JOBS]`.

One process runs the jobs, in 4 threads; each writes a row and does nothing else. The brokers are Redis and RabbitMQ.
"""

import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from benchmarks.projects import workplace_in
from tests.support.rabbitmq import RabbitMQ
from tests.support.redis import Redis
from tests.support.rendering import FRAMEWORKS
from tests.support.workers import Workers

PATIENCE = 600
DATABASES = ("sqlite", "postgresql")


def jobs_per_second(project: Path, url: str | None, jobs: int) -> float:
    """Measure from the beginning of the first job to the end of the last one."""
    with Workers(
        project, url, jobs=jobs, seconds=0, commands=["worker", "celery-worker"][: 2 if url else 1]
    ) as workers:
        state = workers.wait_until(lambda state: state["effects"] == jobs, seconds=PATIENCE)
    begun, ended = (datetime.fromisoformat(state[name]) for name in ("begun", "ended"))
    return jobs / (ended - begun).total_seconds()


def run(project: Path, url: str | None, *command: str) -> float:
    """Run a command of the script beside idle workers, and return the number that it prints."""
    with Workers(project, url, jobs=1, seconds=0, commands=["worker", "celery-worker"][: 2 if url else 1]) as workers:
        workers.wait_until(lambda state: not state["unfinished"], seconds=PATIENCE)
        process = workers.start(*command, stdout=subprocess.PIPE)
        output, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, workers.said()
    return float(output)


def main(jobs: int) -> None:
    """Print a line for each figure."""
    for framework, database in zip(FRAMEWORKS, DATABASES, strict=True):
        with tempfile.TemporaryDirectory() as folder, Redis() as redis, RabbitMQ() as rabbitmq:
            project = workplace_in(folder).render(framework=framework, database=database, jobs="celery")
            name = f"{framework}, {database}"
            brokers = {"without a broker": None, "by Redis": redis.url, "by RabbitMQ": rabbitmq.url}
            for how, url in brokers.items():
                print(f"{name}: {jobs_per_second(project, url, jobs):.0f} jobs per second {how}", flush=True)
                if url:
                    alone = run(project, url, "celery-alone", str(jobs))
                    print(f"{name}: {alone:.0f} tasks per second {how}, Celery alone, with the same write", flush=True)
                print(f"{name}: {run(project, url, 'latency'):.2f} s from commit to end {how}, median", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 2000)
