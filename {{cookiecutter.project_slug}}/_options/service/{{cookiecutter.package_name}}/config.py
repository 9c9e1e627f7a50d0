"""Settings, read from environment variables and `.env`."""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Network
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

# {% if "accounts" in cookiecutter.__facts %}
from .accounts.settings import Fallbacks, Limit, LimitStorage, Seconds
# {% endif %}
# {% if "database" in cookiecutter.__facts %}
from .database.settings import DatabaseUrl
# {% endif %}
from .secret_values import MIN_MASKED_LENGTH, secret_parts, validate_secret

ORIGIN = r"^(\*|https?://([\w.-]+|\[[\dA-Fa-f:.]+\])(:\d{1,5})?)$"
HOST = r"^(\*|(\*\.)?[\w.-]+|\[[\dA-Fa-f:.]+\])$"
# Domains below which anybody can register names; the last is an estimate for countries, such as `co.uk`.
PUBLIC_SUFFIX = r"\*\.((ac|co|com|edu|gov|ne|net|or|org)\.[a-z]{2}|[^.]+)\.?"
# The shortest prefixes of networks: of IPv4, of private IPv6 and of public IPv6.
MIN_PREFIX, MIN_PRIVATE_PREFIX6, MIN_PUBLIC_PREFIX6 = 8, 7, 16


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
    # {% if "flask" in cookiecutter.__facts %}
    threads: Annotated[int, Field(ge=4)] = 8
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
    # {% if "database" in cookiecutter.__facts %}
    database_url: DatabaseUrl = SecretStr("")
    database_pool_size: Annotated[int, Field(ge=1)] = 10
    database_pool_timeout: Annotated[float, Field(gt=0)] = 5
    database_lock_timeout: Annotated[float, Field(gt=0)] = 5
    database_statement_timeout: Annotated[float, Field(gt=0)] = 10
    # {% endif %}
    # {% if "sqlite" in cookiecutter.__facts %}
    database_synchronous: Annotated[Literal["FULL", "NORMAL"], BeforeValidator(str.upper)] = "FULL"
    # {% endif %}
    # {% if "accounts" in cookiecutter.__facts %}
    registration: bool = False
    secret_key_fallbacks: Annotated[Fallbacks, NoDecode, BeforeValidator(split)] = ()
    access_token_lifetime: Seconds = 600
    refresh_token_lifetime: Seconds = 1209600
    account_from_address_limit: Limit = "10 per 15 minutes"
    address_limit: Limit = "100 per 15 minutes"
    account_limit: Limit = "200 per hour"
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
    def _is_set_outside_development(
        cls, secret_key: SecretStr | None, info: ValidationInfo
    ) -> SecretStr | None:
        if secret_key is None and is_deployed(info):
            raise ValueError("is required outside development")
        return secret_key

    @field_validator(
        "secret_key",
        # {% if "accounts" in cookiecutter.__facts %}
        "secret_key_fallbacks",
        # {% endif %}
    )
    @classmethod
    def _are_hard_to_guess_outside_development(
        cls, secrets: SecretStr | tuple[SecretStr, ...] | None, info: ValidationInfo
    ) -> SecretStr | tuple[SecretStr, ...] | None:
        for secret in secrets if isinstance(secrets, tuple) else (secrets,):
            if secret is not None and is_deployed(info):
                validate_secret(secret.get_secret_value())
        return secrets

    @field_validator(
        "allowed_hosts",
        # {% if "accounts" in cookiecutter.__facts %}
        "cors_origins",
        # {% endif %}
    )
    @classmethod
    def _are_named_outside_development(
        cls, names: tuple[str, ...], info: ValidationInfo
    ) -> tuple[str, ...]:
        if "*" in names and is_deployed(info):
            raise ValueError("must not contain '*' outside development: list every name")
        if any(re.fullmatch(PUBLIC_SUFFIX, name) for name in names) and is_deployed(info):
            raise ValueError("must not contain a public suffix: *.example.com is accepted")
        return names

    @field_validator("trusted_proxies")
    @classmethod
    def _are_narrow_outside_development(
        cls, networks: tuple[IPv4Network | IPv6Network, ...], info: ValidationInfo
    ) -> tuple[IPv4Network | IPv6Network, ...]:
        if any(map(is_wide, networks)) and is_deployed(info):
            raise ValueError(
                "must not contain a network that is most of the internet: list your proxies, such as 10.0.0.0/8"
            )
        return networks

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
        """Return the secrets of all settings, and the passwords of their URLs; shorter ones are parts of words."""
        secrets: set[str] = set()
        for value in chain(*(each if isinstance(each, tuple) else (each,) for _, each in self)):
            text = str(value)
            if isinstance(value, SecretStr):
                text = value.get_secret_value()
                secrets.add(text)
            secrets |= secret_parts(text)
        return sorted(secret for secret in secrets if len(secret) >= MIN_MASKED_LENGTH)


def is_wide(network: IPv4Network | IPv6Network) -> bool:
    """Tell whether a network has too many addresses for a list of proxies."""
    if isinstance(network, IPv4Network):
        return network.prefixlen < MIN_PREFIX
    if network.network_address.ipv4_mapped:
        return network.prefixlen < 96 + MIN_PREFIX
    shortest = MIN_PRIVATE_PREFIX6 if network.is_private else MIN_PUBLIC_PREFIX6
    return network.prefixlen < shortest


def is_deployed(info: ValidationInfo) -> bool:
    """Tell whether the environment, where it is a known one, is not development."""
    return bool(info.data.get("environment", "development") != "development")
