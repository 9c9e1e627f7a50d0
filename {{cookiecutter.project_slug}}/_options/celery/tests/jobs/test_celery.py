"""The broker: jobs that are handed to Celery, on its transport in memory, and messages that are lost or late."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any
from unittest.mock import Mock
from uuid import UUID

import kombu.message
import pytest
from celery.exceptions import OperationalError, Reject
from pydantic import SecretStr, ValidationError

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.database.base import now
from {{ cookiecutter.package_name }}.jobs import celery_worker
from {{ cookiecutter.package_name }}.jobs.broker import QUEUE, RUN
from {{ cookiecutter.package_name }}.jobs.broker_settings import BrokerSettings
from {{ cookiecutter.package_name }}.jobs.celery_worker import CeleryWorker, Message
from {{ cookiecutter.package_name }}.jobs.dispatcher import BUSY_INTERVAL, Dispatcher
from {{ cookiecutter.package_name }}.jobs.functions import JobFunction
from {{ cookiecutter.package_name }}.jobs.models import Status
from {{ cookiecutter.package_name }}.jobs.worker import OUTAGE_INTERVAL, POLL_INTERVAL, Worker

from ..support.embedded import UNREACHABLE_URL
from ..support.framework import run_command
from .endpoints import write_in_coroutine
from .functions import fail, show, write
from .table import PATIENCE, JobTable, wait_until

FUNCTIONS: list[JobFunction[Any]] = [fail, write, write_in_coroutine]
# Prints the libraries of Celery in a process that serves and has all commands.
WEB_PROCESS = """
import sys
from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.cli import main
from {{ cookiecutter.package_name }}.config import Settings
create_app(Settings(_env_file=None))
print({"celery", "kombu"} & set(sys.modules))
"""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"broker_url": SecretStr("memory://localhost")})


@pytest.fixture
def dispatcher(settings: Settings) -> Iterator[Dispatcher]:
    """Yield a dispatcher whose queue is empty at the beginning."""
    process = Dispatcher(settings, FUNCTIONS)
    process.queue.count()
    purge(process)
    yield process
    process.queue.close()
    process.database.dispose()


@pytest.fixture
def worker(settings: Settings) -> Iterator[CeleryWorker]:
    """Yield a worker that Celery has not started."""
    process = CeleryWorker(settings, FUNCTIONS)
    process.caller.open()
    yield process
    process.caller.close()


def purge(dispatcher: Dispatcher) -> None:
    """Lose all messages."""
    dispatcher.queue.producer.channel.queue_purge(QUEUE)


@contextmanager
def working(process: Worker) -> Iterator[None]:
    """Run a worker in a thread, and expect that all jobs end in time."""
    outcomes: list[bool] = []
    thread = Thread(target=lambda: outcomes.append(process.work()))
    thread.start()
    try:
        yield
    finally:
        process.stop()
        thread.join(PATIENCE)
    assert outcomes == [True]


def states(table: JobTable) -> list[tuple[Status, int]]:
    """Return the state and the number of attempts of each job."""
    return [(row.status, row.attempts) for row in table.jobs()]


def test_celery_runs_the_jobs_that_a_dispatcher_hands_over(
    settings: Settings, table: JobTable, dispatcher: Dispatcher
) -> None:
    for number in range(10):
        table.insert(write, text=f"{number}")
    table.insert(write_in_coroutine, text="10")
    table.insert(fail)

    with working(dispatcher), working(CeleryWorker(settings, FUNCTIONS)):
        wait_until(lambda: len(table.effects()) == 11 and table.jobs()[-1].error)

    assert sorted(int(effect.split()[0]) for effect in table.effects()) == list(range(11))
    assert states(table) == [(Status.DONE, 1)] * 11 + [(Status.PENDING, 1)]


def test_attempt_runs_once(table: JobTable, dispatcher: Dispatcher, worker: CeleryWorker) -> None:
    table.insert(write.configure(key="a"), text="a")
    dispatcher.look_for_jobs()
    (row,) = table.jobs()
    assert (row.status, row.attempts, row.key) == (Status.RUNNING, 0, "a")

    for _ in range(2):
        worker.run_attempt(str(row.id), 1)

    assert len(table.effects()) == 1
    assert (table.jobs()[0].status, table.jobs()[0].key) == (Status.DONE, None)


@pytest.mark.parametrize(
    ("status", "attempts"),
    [(Status.PENDING, 0), (Status.RUNNING, 1), (Status.RUNNING, 2), (Status.DONE, 0)],
)
def test_message_of_another_attempt_runs_nothing(
    table: JobTable, worker: CeleryWorker, status: Status, attempts: int
) -> None:
    """It is late, or one of several: the job waits again, runs, or has ended."""
    table.insert(write, text="a")
    table.update(status=status, attempts=attempts, lease_until=now())

    worker.run_attempt(str(table.jobs()[0].id), 1)

    assert table.effects() == []
    assert states(table) == [(status, attempts)]


def test_job_of_an_unknown_name_does_not_begin(table: JobTable, worker: CeleryWorker) -> None:
    table.insert(show)
    table.update(status=Status.RUNNING, lease_until=now())

    worker.run_attempt(str(table.jobs()[0].id), 1)

    assert states(table) == [(Status.RUNNING, 0)]


def test_lost_message_is_handed_over_again_after_its_lease(
    settings: Settings, table: JobTable, dispatcher: Dispatcher
) -> None:
    table.insert(write, text="a")
    dispatcher.look_for_jobs()
    purge(dispatcher)
    dispatcher.look_for_jobs()
    assert dispatcher.queue.count() == 0

    table.update(lease_until=now())
    dispatcher.look_for_jobs()

    with working(CeleryWorker(settings, FUNCTIONS)):
        wait_until(table.effects)
    assert states(table) == [(Status.DONE, 1)]


def test_queue_is_bounded_and_sorted(
    settings: Settings, table: JobTable, monkeypatch: pytest.MonkeyPatch, dispatcher: Dispatcher
) -> None:
    published: list[object] = []
    publish = dispatcher.queue.publish

    def record_and_publish(job_id: UUID, attempt: int) -> None:
        published.append(job_id)
        publish(job_id, attempt)

    monkeypatch.setattr(dispatcher.queue, "publish", record_and_publish)
    dispatcher.settings = settings.model_copy(update={"job_queue_size": 3})
    for priority in (0, 1, 2, 3):
        table.insert(write.configure(priority=priority), text="a")

    assert dispatcher.look_for_jobs() == BUSY_INTERVAL
    assert dispatcher.look_for_jobs() == BUSY_INTERVAL

    first, *others = (row.id for row in table.jobs())
    assert published == others[::-1]
    purge(dispatcher)
    assert dispatcher.look_for_jobs() == POLL_INTERVAL
    assert published[-1] == first


def test_jobs_wait_in_the_table_while_the_broker_is_unavailable(
    settings: Settings, table: JobTable, caplog: pytest.LogCaptureFixture
) -> None:
    unreachable = SecretStr("redis://127.0.0.1:1")
    dispatcher = Dispatcher(settings.model_copy(update={"broker_url": unreachable}), FUNCTIONS)
    table.insert(write, text="a")

    for _ in range(2):
        assert dispatcher.look_for_jobs() == OUTAGE_INTERVAL

    assert caplog.text.count("the broker is unavailable") == 1
    assert states(table) == [(Status.PENDING, 0)]
    dispatcher.database.dispose()


def test_job_that_the_broker_does_not_accept_is_given_back(
    table: JobTable, dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("a", "b"):
        table.insert(write.configure(key=key), text=key)
    send_task = Mock(side_effect=[None, OperationalError("the disk is full")])
    monkeypatch.setattr(dispatcher.queue.app, "send_task", send_task)

    assert dispatcher.look_for_jobs() == OUTAGE_INTERVAL

    assert states(table) == [(Status.RUNNING, 0), (Status.PENDING, 0)]
    assert [row.key for row in table.jobs()] == ["a", "b"]
    monkeypatch.undo()
    assert dispatcher.look_for_jobs() == POLL_INTERVAL
    assert states(table)[1] == (Status.RUNNING, 0)


def test_attempt_does_not_begin_without_the_database(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sleep = Mock()
    monkeypatch.setattr(celery_worker, "sleep", sleep)
    lost = settings.model_copy(update={"database_url": SecretStr(UNREACHABLE_URL)})

    CeleryWorker(lost, FUNCTIONS).run_attempt("00000000-0000-0000-0000-000000000000", 1)

    assert "no attempt begins" in caplog.text
    sleep.assert_called_once_with(OUTAGE_INTERVAL)


def test_worker_that_stops_returns_messages_to_the_queue(worker: CeleryWorker) -> None:
    worker.stop()

    with pytest.raises(Reject) as raised:
        worker.run_attempt("00000000-0000-0000-0000-000000000000", 1)

    assert raised.value.requeue is True
    assert worker.running == {}


def test_worker_stops_if_celery_has_stopped(worker: CeleryWorker) -> None:
    with pytest.raises(RuntimeError, match="Celery has stopped"):
        worker.look_for_jobs()


def test_message_that_cannot_be_acknowledged_opens_the_connection_again(
    worker: CeleryWorker,
) -> None:
    """Its error reaches the consumer, which would otherwise wait for it forever."""
    channel = Mock()
    channel.basic_ack.side_effect = ConnectionError
    # Its class has no types.
    create: Any = kombu.message.Message
    message = create(delivery_tag=1, channel=channel, headers={"id": "a", "task": RUN})
    request = Message(
        message,
        app=worker.celery.app,
        body=([], {}, {}),
        connection_errors=(ConnectionError,),
        decoded=True,
        on_ack=message.ack_log_error,
        task=worker.celery.app.tasks[RUN],
    )

    with pytest.raises(ConnectionError):
        request.acknowledge()

    assert worker.celery.app.tasks[RUN].Request is Message


def test_web_process_does_not_import_celery(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("BROKER_URL", "redis://localhost")

    done = subprocess.run([sys.executable, "-c", WEB_PROCESS], capture_output=True, text=True)

    assert done.stdout == "set()\n", done.stderr


@pytest.mark.parametrize("command", ["worker", "celery-worker"])
def test_commands_run_the_workers_of_a_broker(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    worked = list[Any]()

    def work(self: Worker) -> bool:
        worked.append(type(self))
        return True

    for kind in (Dispatcher, CeleryWorker):
        monkeypatch.setattr(kind, "work", work)
    monkeypatch.setattr("signal.signal", Mock())

    done = run_command(create_app(settings), command)

    assert done.exit_code == 0, done.output
    assert worked == [Dispatcher if command == "worker" else CeleryWorker]


def test_celery_worker_requires_a_broker(settings: Settings) -> None:
    without = settings.model_copy(update={"broker_url": None})

    done = run_command(create_app(without), "celery-worker")

    assert done.exit_code == 1
    assert "BROKER_URL is not set" in done.output


def test_heartbeat_of_celery_worker_is_its_own(settings: Settings) -> None:
    settings.job_heartbeat.parent.mkdir()
    settings.job_heartbeat.touch()

    app = create_app(settings)

    assert "no worker has been started" in run_command(app, "celery-worker", "--check").output
    settings.job_heartbeat.with_suffix(".celery").touch()
    assert run_command(app, "celery-worker", "--check").stdout == "A worker is alive.\n"


def test_broker_is_redis_or_rabbitmq() -> None:
    for url in ("redis://localhost", "rediss://a:b@localhost:1/2", "amqps://localhost"):
        assert BrokerSettings(broker_url=SecretStr(url)).broker_url
    assert BrokerSettings().broker_url is None
    for url in ("localhost", "sqs://", "memory://"):
        with pytest.raises(ValidationError, match="must be the URL of Redis or RabbitMQ"):
            BrokerSettings(broker_url=SecretStr(url))
