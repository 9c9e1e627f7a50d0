"""The setting DATABASE_URL."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

EXAMPLE = "postgresql://user:password@host/database"


def fit(url: SecretStr, info: ValidationInfo) -> SecretStr:
    """Return the URL; raise ValueError where there is none, or one of another kind."""
    if not url.get_secret_value():
        raise ValueError(f"is required, such as {EXAMPLE}; `make run` starts a database of its own")
    try:
        kind = make_url(url.get_secret_value()).drivername
    except (ArgumentError, ValueError):
        kind = None
    if kind != "postgresql":
        raise ValueError(f"has to be the URL of a database, such as {EXAMPLE}")
    return url


DatabaseUrl = Annotated[SecretStr, AfterValidator(fit), Field(validate_default=True)]
