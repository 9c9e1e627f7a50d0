"""The broker: the application of Celery, and the queue of attempts."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from celery import Celery
from celery.exceptions import OperationalError

from ..config import Settings
from .functions import PACKAGE, JobFunction
from .worker import LEASE_MARGIN

# The name of the task and of the queue. A message has the id of a job and the number of an attempt.
RUN = f"{PACKAGE}.run_job"
QUEUE = f"{PACKAGE}.jobs"
# Seconds until a connection, a command or its response has failed.
TIMEOUT = 5


class BrokerUnavailable(Exception):
    """The broker cannot be reached, or rejects messages."""


def create_celery(settings: Settings, functions: Iterable[JobFunction[Any]]) -> Celery:
    """Create the application of Celery: messages are hints, and the table decides."""
    longest_lease = max((function.time_limit for function in functions), default=0) + LEASE_MARGIN
    url = settings.broker_url.get_secret_value() if settings.broker_url else None
    app = Celery(PACKAGE, broker=url, set_as_current=False)
    app.conf.update(
        accept_content=["json"],
        broker_connection_max_retries=None,
        broker_connection_retry_on_startup=True,
        broker_connection_timeout=TIMEOUT,
        # Each transport reads its own: RabbitMQ the first, Redis the others.
        broker_transport_options={
            "confirm_publish": True,
            "socket_connect_timeout": TIMEOUT,
            "socket_timeout": TIMEOUT,
            "visibility_timeout": 2 * longest_lease,
        },
        task_acks_late=True,
        task_default_queue=QUEUE,
        task_ignore_result=True,
        task_reject_on_worker_lost=True,
        worker_enable_remote_control=False,
        worker_prefetch_multiplier=1,
    )
    return app


class Queue:
    """The queue of attempts in the broker, with one connection, which is opened again after errors."""

    def __init__(self, app: Celery) -> None:
        self.app = app
        self.declaration = app.amqp.queues[QUEUE]
        self.connection = app.connection_for_write()
        self.errors = (
            OperationalError,
            *self.connection.connection_errors,
            *self.connection.channel_errors,
        )
        self.producer: Any = None

    def count(self) -> int:
        """Return the number of messages that wait; raise BrokerUnavailable if the broker does not respond."""
        try:
            if self.producer is None:
                self.producer = self.app.amqp.Producer(self.connection.channel())
            declared = self.producer.channel.queue_declare(
                queue=QUEUE,
                durable=self.declaration.durable,
                auto_delete=self.declaration.auto_delete,
                arguments=self.declaration.queue_arguments,
            )
        except self.errors as error:
            raise self.closed_by(error) from error
        return int(declared.message_count)

    def publish(self, job_id: UUID, attempt: int) -> None:
        """Hand an attempt to Celery; raise BrokerUnavailable if the broker does not accept it."""
        try:
            self.app.send_task(RUN, [str(job_id), attempt], producer=self.producer, retry=False)
        except self.errors as error:
            raise self.closed_by(error) from error

    def closed_by(self, error: Exception) -> BrokerUnavailable:
        """Close the connection because of an error, and return the error to raise; the next use opens another one."""
        self.close()
        self.connection, self.producer = self.app.connection_for_write(), None
        return BrokerUnavailable(str(error))

    def close(self) -> None:
        """Close the connection."""
        self.connection.release()
