"""Settings of accounts."""

from typing import Annotated

from limits import parse
from limits.errors import ConfigurationError
from limits.storage import MovingWindowSupport, Storage, storage_from_string
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import NoDecode

from ..validators import is_deployed, split, validate_secret

# Maximum attempts per second, on average, that a limit may allow; test suites need more than production.
MAX_RATE = {"development": 1000, "test": 1000}
MAX_RATE_ELSEWHERE = 10
MAX_WINDOW = 31 * 24 * 3600


def validate_limit(limit: str, info: ValidationInfo) -> str:
    """Return the limit; raise ValueError if it cannot be parsed, or allows no attempts or too many."""
    try:
        item = parse(limit)
    except ValueError:
        raise ValueError("must be a rate limit, for example 10 per 15 minutes") from None
    seconds = item.get_expiry()
    rate = MAX_RATE.get(info.data.get("environment", "development"), MAX_RATE_ELSEWHERE)
    if not (1 <= item.amount <= rate * seconds and seconds <= MAX_WINDOW):
        raise ValueError(
            f"must allow 1 attempt to {rate} per second, in at most 31 days, for example 10 per 15 minutes"
        )
    return limit


def is_storage(url: str) -> bool:
    """Return whether a URL names a storage that supports moving windows."""
    try:
        storage = storage_from_string(url)
    except (ConfigurationError, ValueError):
        return False
    return isinstance(storage, Storage) and isinstance(storage, MovingWindowSupport)


Limit = Annotated[str, AfterValidator(validate_limit)]


class AccountSettings(BaseModel):
    """Settings of accounts, their tokens and their rate limits."""

    registration: bool = Field(False, description="let clients register accounts")
    secret_key_fallbacks: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(split)] = (
        Field(
            (),
            description="former values of SECRET_KEY: what they have signed remains valid; remove them when it has expired",
        )
    )
    access_token_lifetime: int = Field(
        600, ge=1, description="seconds that an access token is valid"
    )
    refresh_token_lifetime: int = Field(
        1209600, ge=1, description="seconds after which a login expires"
    )
    account_from_address_limit: Limit = Field(
        "10 per 15 minutes",
        description="attempts to log in, register, renew a login or change a password, for an account from one address",
    )
    address_limit: Limit = Field(
        "100 per 15 minutes", description="the same from one address, for all accounts"
    )
    account_limit: Limit = Field(
        "200 per hour", description="the same for one account, from all addresses"
    )
    rate_limit_storage: SecretStr = Field(
        SecretStr("memory://"),
        validate_default=True,
        description="storage of the rate limits; outside development, several workers need a shared one such as `redis://host`",
    )

    @field_validator("secret_key_fallbacks")
    @classmethod
    def _reject_guessable_secrets_outside_development(
        cls, secrets: tuple[SecretStr, ...], info: ValidationInfo
    ) -> tuple[SecretStr, ...]:
        for secret in secrets:
            if is_deployed(info):
                validate_secret(secret.get_secret_value())
        return secrets

    @field_validator("cors_origins", check_fields=False)
    @classmethod
    def _require_named_origins_outside_development(
        cls, origins: tuple[str, ...], info: ValidationInfo
    ) -> tuple[str, ...]:
        if "*" in origins and is_deployed(info):
            raise ValueError("must not contain '*' outside development: list every origin")
        return origins

    @field_validator("rate_limit_storage")
    @classmethod
    def _require_a_shared_storage_for_several_workers(
        cls, storage: SecretStr, info: ValidationInfo
    ) -> SecretStr:
        url = storage.get_secret_value()
        if not url.startswith("memory:"):
            # The message of the library would repeat the URL, which may contain a password.
            if not is_storage(url):
                raise ValueError(
                    "must be memory:// or, with the package limits[redis], for example redis://host"
                )
        elif is_deployed(info) and info.data.get("workers", 1) > 1:
            raise ValueError(
                "must be shared by all workers, for example redis://host, unless WORKERS is 1"
            )
        return storage
