# mypy: ignore-errors
"""The workers of a project with jobs that leave an effect each, and short leases: `python jobs_under_load.py COMMAND`.

Besides the commands of the project, `enqueue COUNT SECONDS` inserts jobs that work for so long, and prints the state of the table from then on;
`latency` prints the median of the seconds from the commit of a job to its end; `celery-alone COUNT` prints the tasks per second of Celery alone.
"""

import json
import os
import random
import statistics
import sys
import time
from importlib import import_module
from threading import Thread

from my_service.background import JOBS
from my_service.cli.main import main
from my_service.config import Settings
from my_service.database.base import now
from my_service.database.engine import command_engine
from my_service.jobs import worker
from my_service.jobs.functions import job
from my_service.jobs.models import Job, Status
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

# A job that was killed runs again after a few seconds.
worker.LEASE_MARGIN = 1
QUEUE_LEASE = 3
EFFECT = "effect"


@job(name="leave_effect", time_limit=3)
def leave_effect(run, number: int, seconds: float) -> None:
    """Work for a while, and write a row: its priority is the number, and `run_at` when the job began."""
    begun = now()
    time.sleep(seconds)
    with run.end() as session:
        session.add(Job(id=uuid7(), name=EFFECT, arguments={}, priority=number, run_at=begun))


JOBS[:] = [leave_effect]


def enqueue(count: int, seconds: float) -> None:
    engine = command_engine(Settings())
    with Session(engine) as session, session.begin():
        session.add_all(leave_effect.make_job(number, seconds) for number in range(count))
    is_effect = Job.name == EFFECT
    columns = {
        "effects": func.count().filter(is_effect),
        "different": func.count(Job.priority.distinct()).filter(is_effect),
        "unfinished": func.count().filter(~is_effect, Job.status != Status.DONE),
        "again": func.count().filter(~is_effect, Job.attempts > 1),
        "begun": func.min(Job.run_at).filter(is_effect),
        "ended": func.max(Job.created_at).filter(is_effect),
    }
    while True:
        with Session(engine) as session:
            state = session.execute(select(*columns.values())).one()
        print(json.dumps(dict(zip(columns, state, strict=True)), default=str), flush=True)
        time.sleep(0.1)


def latency() -> None:
    engine = command_engine(Settings())
    seconds = []
    for _ in range(20):
        # At any time of the interval at which workers look.
        time.sleep(random.random())
        with Session(engine) as session, session.begin():
            job = leave_effect.make_job(0, 0)
            session.add(job)
            job_id = job.id
        while True:
            with Session(engine) as session:
                job = session.get(Job, job_id)
            if job.finished_at:
                break
            time.sleep(0.05)
        seconds.append((job.finished_at - job.created_at).total_seconds())
    print(statistics.median(seconds))


def celery_alone(count: int) -> None:
    broker = import_module("my_service.jobs.broker")
    app = broker.create_celery(Settings(), [])
    app.conf.update(task_default_queue="alone")
    database = worker.Worker(Settings(), []).database
    done = []

    def write(number: int) -> None:
        with database.begin() as session:
            session.add(Job(id=uuid7(), name="of Celery alone", arguments={}, priority=number))
        done.append(time.monotonic())

    task = app.task(write, name="write", shared=False)
    app.set_default()
    for number in range(count):
        task.delay(number)
    controller = import_module("celery.worker").WorkController(
        app=app, pool_cls="threads", concurrency=4, without_gossip=True, without_heartbeat=True, without_mingle=True
    )
    Thread(target=controller.start, daemon=True).start()
    while len(done) < count:
        time.sleep(0.05)
    print(count / (max(done) - min(done)), flush=True)
    os._exit(0)


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "enqueue":
        enqueue(int(arguments[0]), float(arguments[1]))
    elif command == "latency":
        latency()
    elif command == "celery-alone":
        celery_alone(int(arguments[0]))
    else:
        if Settings().broker_url:
            import_module("my_service.jobs.dispatcher").QUEUE_LEASE = QUEUE_LEASE
        main([command])
