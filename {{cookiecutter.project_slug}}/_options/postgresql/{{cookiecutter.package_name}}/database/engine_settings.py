"""Settings of PostgreSQL."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, SecretStr
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

EXAMPLE = "postgresql://user:password@host/database"
# The second one is what some hosts provide; engine.py sets the driver of all.
SCHEMES = {"postgresql", "postgres", "postgresql+psycopg"}


def validate_database_url(url: SecretStr) -> SecretStr:
    """Return the URL; raise ValueError if it is missing or not a PostgreSQL URL."""
    if not url.get_secret_value():
        raise ValueError(
            f"is required, for example {EXAMPLE}; `make run` starts a development server,"
            " and so does `python dev/with_postgres.py COMMAND` for other commands"
        )
    try:
        kind = make_url(url.get_secret_value()).drivername
    except (ArgumentError, ValueError):
        kind = None
    if kind not in SCHEMES:
        raise ValueError(f"must be a PostgreSQL URL, for example {EXAMPLE}")
    return url


DatabaseUrl = Annotated[SecretStr, AfterValidator(validate_database_url)]


class EngineSettings(BaseModel):
    """Settings of the database server."""

    database_url: DatabaseUrl = Field(
        SecretStr(""),
        validate_default=True,
        description=f"URL of the database, such as `{EXAMPLE}`; `make run` starts one if it is not set",
    )
    database_transaction_pooling: bool = Field(
        False,
        description="DATABASE_URL is a pooler that assigns connections to transactions, such as PgBouncer with `pool_mode=transaction`",
    )
