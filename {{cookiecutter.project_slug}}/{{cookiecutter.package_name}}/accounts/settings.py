"""The settings of accounts; `config.py` has their names and defaults."""

from typing import Annotated

from limits import parse
from pydantic import AfterValidator, Field, SecretStr, ValidationInfo

from .limit_storage import is_memory, storage_of

KEY_LENGTH = 32


def is_long(key: SecretStr) -> SecretStr:
    """Return the key; raise ValueError where it is too short to have been one."""
    if len(key) < KEY_LENGTH:
        raise ValueError(f"needs at least {KEY_LENGTH} characters each")
    return key


def is_limit(limit: str) -> str:
    """Return the limit; raise ValueError where it is none."""
    try:
        parse(limit)
    except ValueError:
        raise ValueError("has to be a limit, such as 10 per 15 minutes") from None
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


Fallbacks = tuple[Annotated[SecretStr, AfterValidator(is_long)], ...]
Limit = Annotated[str, AfterValidator(is_limit)]
LimitStorage = Annotated[SecretStr, AfterValidator(is_shared), Field(validate_default=True)]
Seconds = Annotated[int, Field(ge=1)]
