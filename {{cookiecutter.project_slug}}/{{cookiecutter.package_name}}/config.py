"""Settings, read from environment variables and `.env`."""

from ipaddress import IPv4Address
from itertools import chain
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    IPvAnyAddress,
    IPvAnyNetwork,
    SecretStr,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
# {% if cookiecutter.auth == "accounts" %}

from .accounts.settings import Fallbacks, Limit, LimitStorage, Seconds
from .database_url import DatabaseUrl
# {% endif %}
# {% if cookiecutter.auth == "none" and cookiecutter.database != "none" %}

from .database_url import DatabaseUrl
# {% endif %}

SECRET_KEY_LENGTH = 32
# Parts of what examples and other projects ship, and of what people type until they have a real one.
KNOWN_SECRETS = {"12345678", "change", "example", "insecure", "not-so-secret", "your-secret"}
ORIGIN = r"^(\*|https?://([\w.-]+|\[[\dA-Fa-f:.]+\])(:\d{1,5})?)$"
HOST = r"^(\*|(\*\.)?[\w.-]+|\[[\dA-Fa-f:.]+\])$"


def split(value: Any) -> Any:
    """Take a list as an environment variable has it: separated by commas."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


class Settings(BaseSettings):
    """Everything that differs between deployments; a test builds its own and passes it in."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    environment: Literal["development", "test", "staging", "production"] = "development"
    debug: bool = False
    secret_key: Annotated[SecretStr | None, Field(validate_default=True)] = None
    host: IPvAnyAddress = IPv4Address("127.0.0.1")
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    workers: Annotated[int, Field(ge=1)] = 1
    # {% if cookiecutter.__gateway == "wsgi" %}
    threads: Annotated[int, Field(ge=1)] = 8
    # {% endif %}
    max_connections: Annotated[int, Field(ge=1)] = 1000
    request_timeout: Annotated[float, Field(gt=0)] = 30
    grace_period: Annotated[int, Field(ge=1)] = 30
    log_level: Annotated[
        Literal["CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"], BeforeValidator(str.upper)
    ] = "INFO"
    docs: bool | None = None
    root_path: Annotated[str, StringConstraints(pattern=r"^(/[\w.~-]+)*$")] = ""
    max_body_size: Annotated[int, Field(ge=0)] = 1024 * 1024
    allowed_hosts: Annotated[
        tuple[Annotated[str, StringConstraints(to_lower=True, pattern=HOST)], ...],
        NoDecode,
        BeforeValidator(split),
    ] = ("localhost", "127.0.0.1")
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode, BeforeValidator(split)] = ()
    cors_origins: Annotated[
        tuple[Annotated[str, StringConstraints(to_lower=True, pattern=ORIGIN)], ...],
        NoDecode,
        BeforeValidator(split),
    ] = ()
    cors_credentials: bool = False
    # {% if cookiecutter.database != "none" %}
    database_url: DatabaseUrl = SecretStr("")
    database_pool_size: Annotated[int, Field(ge=1)] = 10
    database_pool_timeout: Annotated[float, Field(gt=0)] = 5
    database_lock_timeout: Annotated[float, Field(gt=0)] = 5
    # {% endif %}
    # {% if cookiecutter.database == "postgresql" %}
    database_statement_timeout: Annotated[float, Field(gt=0)] = 10
    # {% endif %}
    # {% if cookiecutter.auth == "accounts" %}
    registration: bool = False
    secret_key_fallbacks: Annotated[Fallbacks, NoDecode, BeforeValidator(split)] = ()
    access_token_lifetime: Seconds = 600
    refresh_token_lifetime: Seconds = 1209600
    account_limit: Limit = "10 per 15 minutes"
    address_limit: Limit = "100 per 15 minutes"
    rate_limit_storage: LimitStorage = SecretStr("memory://")
    # {% endif %}

    @field_validator("debug")
    @classmethod
    def _is_off_outside_development(cls, debug: bool, info: ValidationInfo) -> bool:
        if debug and is_deployed(info):
            raise ValueError("shows internals, and is for development only")
        return debug

    @field_validator("secret_key")
    @classmethod
    def _is_safe_outside_development(
        cls, secret_key: SecretStr | None, info: ValidationInfo
    ) -> SecretStr | None:
        if not is_deployed(info):
            return secret_key
        if secret_key is None:
            raise ValueError("is required outside development")
        secret = secret_key.get_secret_value()
        if len(secret) < SECRET_KEY_LENGTH:
            raise ValueError(f"needs at least {SECRET_KEY_LENGTH} characters")
        if len(set(secret)) < 8 or any(known in secret.lower() for known in KNOWN_SECRETS):
            raise ValueError("is known or easy to guess; .env.example says how to make one")
        return secret_key

    @field_validator("allowed_hosts")
    @classmethod
    def _are_named_outside_development(
        cls, hosts: tuple[str, ...], info: ValidationInfo
    ) -> tuple[str, ...]:
        if "*" in hosts and is_deployed(info):
            raise ValueError("has to name the hosts outside development, '*' allows any")
        return hosts

    @field_validator("cors_credentials")
    @classmethod
    def _are_for_named_origins(cls, credentials: bool, info: ValidationInfo) -> bool:
        if credentials and "*" in info.data.get("cors_origins", ()):
            raise ValueError("cannot be combined with '*' in CORS_ORIGINS, name the origins")
        return credentials

    @property
    def shows_docs(self) -> bool:
        """Whether the documentation is public: everywhere but in production, unless DOCS says it."""
        return self.environment != "production" if self.docs is None else self.docs

    def secrets(self) -> list[str]:
        """Return the values that nobody may read anywhere; shorter ones could be any word."""
        values = (each if isinstance(each, tuple) else (each,) for _, each in self)
        secrets = (
            each.get_secret_value() for each in chain(*values) if isinstance(each, SecretStr)
        )
        return [secret for secret in secrets if len(secret) >= 8]


def is_deployed(info: ValidationInfo) -> bool:
    """Tell whether the environment, where it is a known one, is not development."""
    return bool(info.data.get("environment", "development") != "development")
