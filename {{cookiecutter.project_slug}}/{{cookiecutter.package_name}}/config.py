"""Settings, read from environment variables and `.env`."""

from ipaddress import IPv4Address
from typing import Annotated, Literal

from pydantic import (
    BeforeValidator,
    Field,
    IPvAnyAddress,
    SecretStr,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRET_KEY_LENGTH = 32


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
    secret_key: Annotated[SecretStr | None, Field(validate_default=True)] = None
    host: IPvAnyAddress = IPv4Address("127.0.0.1")
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    workers: Annotated[int, Field(ge=1)] = 1
    log_level: Annotated[
        Literal["CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"], BeforeValidator(str.upper)
    ] = "INFO"

    @field_validator("secret_key")
    @classmethod
    def _is_safe_outside_development(
        cls, secret: SecretStr | None, info: ValidationInfo
    ) -> SecretStr | None:
        """Refuse a secret that is missing, or shorter than 32 characters, but in development."""
        if info.data.get("environment", "development") != "development":
            if secret is None:
                raise ValueError("is required outside development")
            if len(secret.get_secret_value()) < SECRET_KEY_LENGTH:
                raise ValueError(f"needs at least {SECRET_KEY_LENGTH} characters")
        return secret
