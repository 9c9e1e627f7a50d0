"""No job is lost, and none has its effect twice: workers are killed under load, and the broker is wiped or down.

`JOBS=5000 KILLS=10` in the environment makes it more.
"""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.support.rabbitmq import RabbitMQ
from tests.support.redis import Redis
from tests.support.rendering import Workplace
from tests.support.workers import Workers

pytestmark = pytest.mark.slow

JOBS = int(os.environ.get("JOBS", "300"))
KILLS = int(os.environ.get("KILLS", "3"))
# Seconds that a job works, so that a killed worker has some.
WORK = 0.05
# Seconds for all jobs, the leases of killed ones included.
PATIENCE = 60 + JOBS / 5
SQLITE = {"framework": "fastapi", "database": "sqlite", "jobs": "celery"}
POSTGRESQL = {"framework": "flask", "database": "postgresql", "jobs": "celery"}


@pytest.fixture
def redis() -> Iterator[Redis]:
    with Redis() as redis:
        yield redis


def kill_workers(workers: Workers) -> None:
    """Kill workers while they run jobs, and expect each effect once."""
    for kill in range(1, KILLS + 1):
        wait_for_effects(workers, JOBS * kill // (KILLS + 2))
        workers.kill()
    check(workers)


def wait_for_effects(workers: Workers, count: int) -> None:
    """Wait until some jobs have had their effect."""
    workers.wait_until(lambda state: state["effects"] >= count, seconds=PATIENCE)


def check(workers: Workers) -> None:
    """Wait for the end of all jobs, and expect each effect once; expect that idle workers stop."""
    state = workers.wait_until(lambda state: not state["unfinished"], seconds=PATIENCE)

    assert (state["effects"], state["different"]) == (JOBS, JOBS), workers.said()
    # One that still starts has no handler of the signal.
    assert set(workers.stop()) <= {0, -signal.SIGTERM}, workers.said()


@pytest.mark.parametrize("answers", [SQLITE, POSTGRESQL], ids=lambda answers: str(answers["database"]))
def test_killed_workers_lose_no_job(answers: dict[str, str], workplace: Workplace) -> None:
    with Workers(workplace.render(**answers), None, jobs=JOBS, seconds=WORK) as workers:
        kill_workers(workers)


@pytest.mark.brokers
@pytest.mark.parametrize("answers", [SQLITE, POSTGRESQL], ids=lambda answers: str(answers["database"]))
def test_killed_workers_of_celery_lose_no_job(answers: dict[str, str], workplace: Workplace, redis: Redis) -> None:
    with Workers(workplace.render(**answers), redis.url, jobs=JOBS, seconds=WORK) as workers:
        kill_workers(workers)


@pytest.mark.brokers
def test_wiped_broker_loses_no_job(workplace: Workplace, redis: Redis) -> None:
    with Workers(workplace.render(**POSTGRESQL), redis.url, jobs=JOBS, seconds=WORK) as workers:
        wait_for_effects(workers, JOBS // 3)
        assert redis.command("FLUSHALL") == "+OK"

        check(workers)


@pytest.mark.brokers
def test_rabbitmq_loses_no_job(workplace: Workplace) -> None:
    """Nor does one that loses all messages, or workers that are killed."""
    with (
        RabbitMQ() as rabbitmq,
        Workers(workplace.render(**POSTGRESQL), rabbitmq.url, jobs=JOBS, seconds=WORK) as workers,
    ):
        wait_for_effects(workers, JOBS // 6)
        rabbitmq.wipe()

        kill_workers(workers)


@pytest.mark.brokers
def test_jobs_wait_while_the_broker_is_down(workplace: Workplace, redis: Redis) -> None:
    """Workers connect again, and no attempt is counted that did not begin."""
    with Workers(workplace.render(**SQLITE), redis.url, jobs=JOBS, seconds=WORK) as workers:
        wait_for_effects(workers, JOBS // 3)
        redis.process.kill()
        redis.process.wait()
        time.sleep(3)
        with redis:
            state = workers.wait_until(lambda state: not state["unfinished"], seconds=PATIENCE)
            assert state["again"] == 0
            check(workers)
