"""The settings of accounts; `config.py` has their names and defaults."""

from typing import Annotated

from limits import parse
from pydantic import AfterValidator, Field, SecretStr, ValidationInfo

from .limit_storage import is_memory, storage_of

# The attempts in a second that a limit may allow on average: tests make more of them than people.
MAX_RATE = {"development": 1000, "test": 1000}
MAX_RATE_ELSEWHERE = 10
MAX_WINDOW = 31 * 24 * 3600


def is_limit(limit: str, info: ValidationInfo) -> str:
    """Return the limit; raise ValueError if it allows no attempts, or far too many."""
    try:
        item = parse(limit)
    except ValueError:
        raise ValueError("must be a limit, such as 10 per 15 minutes") from None
    seconds = item.get_expiry()
    rate = MAX_RATE.get(info.data.get("environment", "development"), MAX_RATE_ELSEWHERE)
    if not (1 <= item.amount <= rate * seconds and seconds <= MAX_WINDOW):
        raise ValueError(
            f"must allow from 1 attempt to {rate} per second, in at most 31 days: such as 10 per 15 minutes"
        )
    return limit


def is_shared(storage: SecretStr, info: ValidationInfo) -> SecretStr:
    """Return the address of the storage.

    Raises ValueError where it is of none, or workers would count for themselves.
    """
    address = storage.get_secret_value()
    is_deployed = info.data.get("environment", "development") != "development"
    if not is_memory(address):
        storage_of(address)
    elif is_deployed and info.data.get("workers", 1) > 1:
        raise ValueError("has to be shared by workers, such as redis://host, or WORKERS to be 1")
    return storage


Fallbacks = tuple[SecretStr, ...]
Limit = Annotated[str, AfterValidator(is_limit)]
LimitStorage = Annotated[SecretStr, AfterValidator(is_shared), Field(validate_default=True)]
Seconds = Annotated[int, Field(ge=1)]
