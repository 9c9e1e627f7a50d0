"""No job is lost, and none has its effect twice: workers are killed under load, and the broker is wiped or down.

`JOBS=5000 KILLS=10` in the environment makes it more.
"""

import os
from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from tests.support.redis import Redis
from tests.support.rendering import Workplace
from tests.support.workers import Workers

JOBS = int(os.environ.get("JOBS", "300"))
KILLS = int(os.environ.get("KILLS", "3"))
# Seconds that a job works, so that a killed worker has some.
WORK = 0.05
# Seconds for all jobs, the leases of killed ones included.
PATIENCE = 60 + JOBS / 5
DATABASES = [("fastapi", "sqlite"), ("flask", "postgresql")]


@pytest.fixture(params=DATABASES, ids="-".join)
def answers(request: pytest.FixtureRequest) -> dict[str, str]:
    framework, database = request.param
    return {"framework": framework, "database": database, "jobs": "celery"}


@pytest.fixture
def redis() -> Iterator[Redis]:
    with Redis() as redis:
        yield redis


def check(workers: Workers) -> None:
    """Wait for the end of all jobs, and expect each effect once; expect that idle workers stop."""
    state = workers.wait(seconds=PATIENCE)

    assert (state["unfinished"], state["effects"], state["different"]) == (0, JOBS, JOBS), workers.said()
    assert workers.stop() == [0] * len(workers.processes), workers.said()


@pytest.mark.slow
@pytest.mark.parametrize("is_distributed", [False, pytest.param(True, marks=pytest.mark.redis)])
def test_killed_workers_lose_no_job(answers: dict[str, str], workplace: Workplace, is_distributed: bool) -> None:
    project = workplace.render(**answers)
    with Redis() if is_distributed else nullcontext() as redis, Workers(project, redis.url if redis else "") as workers:
        workers.enqueue(JOBS, WORK)
        for kill in range(KILLS):
            workers.wait(JOBS * (kill + 1) // (KILLS + 2), PATIENCE)
            workers.kill()

        check(workers)


@pytest.mark.slow
@pytest.mark.redis
def test_wiped_broker_loses_no_job(answers: dict[str, str], workplace: Workplace, redis: Redis) -> None:
    with Workers(workplace.render(**answers), redis.url) as workers:
        workers.enqueue(JOBS, WORK)
        workers.wait(JOBS // 3, PATIENCE)
        assert redis.command("FLUSHALL") == "+OK"

        check(workers)


@pytest.mark.slow
@pytest.mark.redis
def test_jobs_wait_while_the_broker_is_down(workplace: Workplace, redis: Redis) -> None:
    """They are neither lost nor are their attempts counted."""
    with Workers(workplace.render(jobs="celery"), redis.url) as workers:
        workers.enqueue(JOBS, WORK)
        workers.wait(JOBS // 3, PATIENCE)
        redis.process.kill()
        redis.process.wait()
        workers.wait(JOBS, seconds=3)
        with redis:
            state = workers.wait(seconds=PATIENCE)
            assert state["again"] == 0
            check(workers)
