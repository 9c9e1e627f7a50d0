# mypy: ignore-errors
"""The workers of a project with jobs that leave an effect each, and short leases: `python jobs_under_load.py COMMAND`.

Besides the commands of the project, `enqueue COUNT` inserts jobs, and `wait COUNT SECONDS` waits for as many effects, or for the end of all
jobs, and prints what is in the table.
"""

import json
import sys
import time
from importlib import import_module

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
    """Work for a while, and write a row: the priority is its number, and `run_at` when it began."""
    begun = now()
    time.sleep(seconds)
    with run.end() as session:
        session.add(Job(id=uuid7(), name=EFFECT, arguments={}, priority=number, run_at=begun))


JOBS[:] = [leave_effect]


def enqueue(session: Session, count: str, seconds: str) -> None:
    for number in range(int(count)):
        session.add(leave_effect.make_job(number, float(seconds)))


def wait(session: Session, count: str, seconds: str) -> None:
    deadline = time.monotonic() + float(seconds)
    effects = select(func.count()).where(Job.name == EFFECT)
    unfinished = select(func.count()).where(Job.name != EFFECT, Job.status != Status.DONE)
    while time.monotonic() < deadline:
        with session.begin():
            if session.scalar(effects) >= int(count) and (int(count) or not session.scalar(unfinished)):
                break
        time.sleep(0.05)
    with session.begin():
        different = select(func.count(Job.priority.distinct())).where(Job.name == EFFECT)
        again = select(func.count()).where(Job.name != EFFECT, Job.attempts > 1)
        bounds = select(func.min(Job.run_at), func.max(Job.created_at)).where(Job.name == EFFECT)
        begun, ended = session.execute(bounds).one()
        state = {
            "effects": session.scalar(effects),
            "different": session.scalar(different),
            "unfinished": session.scalar(unfinished),
            "again": session.scalar(again),
            "seconds": (ended - begun).total_seconds() if begun else 0,
        }
    print(json.dumps(state))


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command in ("enqueue", "wait"):
        engine = command_engine(Settings())
        with Session(engine) as session:
            {"enqueue": enqueue, "wait": wait}[command](session, *arguments)
            session.commit()
    else:
        if command == "celery-worker" or Settings().model_dump().get("broker_url"):
            import_module("my_service.jobs.dispatcher").QUEUE_LEASE = QUEUE_LEASE
        main([command])
