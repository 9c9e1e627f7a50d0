"""Settings of the broker."""

from pydantic import BaseModel, Field, SecretStr, field_validator

SCHEMES = ("amqp", "amqps", "redis", "rediss")


class BrokerSettings(BaseModel):
    """Settings of the broker between `worker` and `celery-worker`."""

    broker_url: SecretStr | None = Field(
        None,
        description="Redis or RabbitMQ, for example redis://localhost: `worker` hands jobs to each `celery-worker`; unset: it runs them",
    )
    job_queue_size: int = Field(50, ge=1, description="jobs that wait in the broker at most")

    @field_validator("broker_url")
    @classmethod
    def _require_tested_broker(cls, url: SecretStr | None) -> SecretStr | None:
        if url and url.get_secret_value().partition("://")[0] not in SCHEMES:
            raise ValueError("must be the URL of Redis or RabbitMQ, for example redis://localhost")
        return url
