"""Settings, read from environment variables and `.env`."""

import re
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BeforeValidator,
    Field,
    IPvAnyNetwork,
    SecretStr,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

# {% if "recovery" in cookiecutter.__facts %}
from .accounts.email_settings import EmailSettings
# {% endif %}
# {% if "accounts" in cookiecutter.__facts %}
from .accounts.settings import AccountSettings
# {% endif %}
# {% if "database" in cookiecutter.__facts %}
from .database.settings import DatabaseSettings
# {% endif %}
# {% if "celery" in cookiecutter.__facts %}
from .jobs.broker_settings import BrokerSettings
# {% endif %}
# {% if "jobs" in cookiecutter.__facts %}
from .jobs.settings import JobSettings
# {% endif %}
# {% if "mail" in cookiecutter.__facts %}
from .mail.settings import MailSettings
# {% endif %}
# {% if "prometheus" in cookiecutter.__facts %}
from .observability.metrics_settings import MetricsSettings
# {% endif %}
from .validators import is_deployed, split, validate_secret

SOURCE = Path(__file__).parents[1]
# The folder of `.env` and of relative paths: the project, or the current folder if a wheel is installed.
PROJECT = SOURCE if (SOURCE / "pyproject.toml").is_file() else Path()
SECRETS_DIR = "/run/secrets"

LOCAL_HOSTS = ("localhost", "127.0.0.1")
ORIGIN = r"^(\*|https?://([\w.-]+|\[[\dA-Fa-f:.]+\])(:\d{1,5})?)$"
HOST = r"^(\*|(\*\.)?[\w.-]+|\[[\dA-Fa-f:.]+\])$"
# Public suffixes, below which anyone can register names; the pattern for countries, such as `co.uk`, is an estimate.
PUBLIC_SUFFIX = r"\*\.((ac|co|com|edu|gov|ne|net|or|org)\.[a-z]{2}|[^.]+)\.?"
# The shortest accepted prefixes: of IPv4, private IPv6 and public IPv6 networks.
MIN_PREFIX, MIN_PRIVATE_PREFIX6, MIN_PUBLIC_PREFIX6 = 8, 7, 16
# Paths of the service, and their beginnings.
OWN_PATHS = [
    # {% if "account_pages" in cookiecutter.__facts %}
    "account(/.*)?",
    # {% endif %}
    "api(/v1(/.*)?)?",
    # {% if "recovery_pages" in cookiecutter.__facts %}
    "confirm-email",
    # {% endif %}
    "docs",
    # {% if "recovery_pages" in cookiecutter.__facts %}
    "forgot-password",
    # {% endif %}
    "livez",
    # {% if "account_pages" in cookiecutter.__facts %}
    "login",
    "logout",
    # {% endif %}
    r"openapi\.json",
    # {% if "post_pages" in cookiecutter.__facts %}
    "posts(/.*)?",
    # {% endif %}
    "readyz",
    # {% if "account_pages" in cookiecutter.__facts %}
    "register",
    # {% endif %}
    # {% if "recovery_pages" in cookiecutter.__facts %}
    "reset-password",
    # {% endif %}
    # {% if "html" in cookiecutter.__facts %}
    "static(/.*)?",
    # {% endif %}
]


class ServiceSettings(BaseSettings):
    """The settings that every service has."""

    model_config = SettingsConfigDict(
        env_file=PROJECT / ".env",
        env_ignore_empty=True,
        secrets_dir=SECRETS_DIR,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    environment: Literal["development", "test", "staging", "production"] = Field(
        "development", description="development, test, staging or production"
    )
    debug: bool = Field(
        False, description="respond to unhandled errors with their traceback; only in development"
    )
    secret_key: SecretStr | None = Field(
        None,
        validate_default=True,
        description="at least 32 random characters, such as `openssl rand -base64 32` prints; required outside development",
    )
    host: str = Field(
        "127.0.0.1", min_length=1, description="address to listen on; in a container 0.0.0.0"
    )
    port: int = Field(8000, ge=1, le=65535, description="port to listen on")
    workers: int = Field(1, ge=1, description="processes that `serve` starts")
    # {% if "flask" in cookiecutter.__facts %}
    threads: int = Field(
        8, ge=4, description="threads of each process: requests that it processes at the same time"
    )
    # {% endif %}
    max_connections: int = Field(
        1000, ge=1, description="connections that each process accepts; more get 503"
    )
    request_timeout: float = Field(
        30,
        gt=0,
        description="seconds for a client to send the head of a request, and each part of its body, and to receive each part of the response",
    )
    grace_period: int = Field(
        30, ge=1, description="seconds for requests in flight to finish after SIGTERM"
    )
    log_level: Annotated[
        Literal["CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"], BeforeValidator(str.upper)
    ] = Field(
        "INFO",
        description="CRITICAL, ERROR, WARNING, INFO or DEBUG; the line of each request is INFO",
    )
    docs: bool | None = Field(
        None, description="serve /docs and /openapi.json; by default everywhere but in production"
    )
    root_path: str = Field(
        "",
        pattern=r"^(/[\w.~-]+)*$",
        description="path that a proxy adds to those of the service, such as /shop for /shop/api/v1",
    )
    max_body_size: int = Field(1024 * 1024, ge=0, description="largest body of a request, in bytes")
    allowed_hosts: Annotated[
        tuple[Annotated[str, StringConstraints(to_lower=True, pattern=HOST)], ...],
        NoDecode,
        BeforeValidator(split),
    ] = Field(
        LOCAL_HOSTS,
        validate_default=True,
        description="names that clients reach the service by; `*.example.com` is example.com and all names below it; required in staging and production",
    )
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode, BeforeValidator(split)] = Field(
        (),
        description="addresses or networks of the proxies whose X-Forwarded-For and X-Forwarded-Proto are trusted",
    )
    cors_origins: Annotated[
        tuple[Annotated[str, StringConstraints(to_lower=True, pattern=ORIGIN)], ...],
        NoDecode,
        BeforeValidator(split),
    ] = Field(
        (),
        description="origins whose pages may read responses, such as `https://app.example.com`",
    )
    cors_credentials: bool = Field(False, description="let those pages send cookies")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read environment variables, `.env` and the files that a container finds in /run/secrets, if there are any."""
        secrets = NestedSecretsSettingsSource(file_secret_settings, secrets_dir_missing="ok")
        # env_ignore_empty is for the other sources only.
        secrets.env_vars = {name: text for name, text in secrets.env_vars.items() if text}
        return init_settings, env_settings, dotenv_settings, secrets

    @field_validator("debug")
    @classmethod
    def _reject_debug_outside_development(cls, debug: bool, info: ValidationInfo) -> bool:
        if debug and is_deployed(info):
            raise ValueError("must be false outside development: it exposes tracebacks")
        return debug

    @field_validator("secret_key")
    @classmethod
    def _require_secret_key_outside_development(
        cls, secret_key: SecretStr | None, info: ValidationInfo
    ) -> SecretStr | None:
        if is_deployed(info):
            if secret_key is None:
                raise ValueError("is required outside development")
            validate_secret(secret_key.get_secret_value())
        return secret_key

    @field_validator("root_path")
    @classmethod
    def _reject_own_paths(cls, root_path: str) -> str:
        if any(re.fullmatch(f"/{path}", root_path) for path in OWN_PATHS):
            raise ValueError(
                "must not begin a path of the service, which could be a path with or without it:"
                " leave it empty if clients use the paths of the service"
            )
        return root_path

    @field_validator("allowed_hosts")
    @classmethod
    def _require_named_hosts_outside_development(
        cls, hosts: tuple[str, ...], info: ValidationInfo
    ) -> tuple[str, ...]:
        if hosts == LOCAL_HOSTS and info.data.get("environment") in ("staging", "production"):
            raise ValueError("is required: list the names that clients use")
        if "*" in hosts and is_deployed(info):
            raise ValueError("must not contain '*' outside development: list every host")
        if any(re.fullmatch(PUBLIC_SUFFIX, host) for host in hosts) and is_deployed(info):
            raise ValueError("must not contain a public suffix: *.example.com is accepted")
        return hosts

    @field_validator("trusted_proxies")
    @classmethod
    def _reject_wide_networks_outside_development(
        cls, networks: tuple[IPv4Network | IPv6Network, ...], info: ValidationInfo
    ) -> tuple[IPv4Network | IPv6Network, ...]:
        if any(map(is_wide, networks)) and is_deployed(info):
            raise ValueError(
                "must not contain a network that is most of the internet: list your proxies, such as 10.0.0.0/8"
            )
        return networks

    @field_validator("cors_credentials")
    @classmethod
    def _require_named_origins(cls, credentials: bool, info: ValidationInfo) -> bool:
        if credentials and "*" in info.data.get("cors_origins", ()):
            raise ValueError("cannot be combined with '*' in CORS_ORIGINS: list the origins")
        return credentials

    def body_limit(self, path: str) -> int:
        """Return the largest body of a request for a path, in bytes; override it for paths with a limit of their own."""
        return self.max_body_size

    @property
    def shows_docs(self) -> bool:
        """Whether to serve the documentation: everywhere but in production, unless DOCS is set."""
        return self.environment != "production" if self.docs is None else self.docs


def is_wide(network: IPv4Network | IPv6Network) -> bool:
    """Return whether a network is too large for a list of proxies."""
    if isinstance(network, IPv4Network):
        return network.prefixlen < MIN_PREFIX
    if network.network_address.ipv4_mapped:
        return network.prefixlen < 96 + MIN_PREFIX
    shortest = MIN_PRIVATE_PREFIX6 if network.is_private else MIN_PUBLIC_PREFIX6
    return network.prefixlen < shortest


# Settings are listed from the last of these classes to the first.
class Settings(
    # {% if "recovery" in cookiecutter.__facts %}
    EmailSettings,
    # {% endif %}
    # {% if "mail" in cookiecutter.__facts %}
    MailSettings,
    # {% endif %}
    # {% if "celery" in cookiecutter.__facts %}
    BrokerSettings,
    # {% endif %}
    # {% if "jobs" in cookiecutter.__facts %}
    JobSettings,
    # {% endif %}
    # {% if "prometheus" in cookiecutter.__facts %}
    MetricsSettings,
    # {% endif %}
    # {% if "accounts" in cookiecutter.__facts %}
    AccountSettings,
    # {% endif %}
    # {% if "database" in cookiecutter.__facts %}
    DatabaseSettings,
    # {% endif %}
    ServiceSettings,
):
    """All settings; a test builds its own and passes them in."""
