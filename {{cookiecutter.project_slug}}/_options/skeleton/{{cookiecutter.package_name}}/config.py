"""Settings, read from environment variables and `.env`."""

from pathlib import Path
from typing import Literal

from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).parents[1]


class Settings(BaseSettings):
    """All settings; a test builds its own and passes them in."""

    model_config = SettingsConfigDict(
        env_file=PROJECT / ".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    environment: Literal["development", "test", "staging", "production"] = "development"
