"""The setting DATABASE_URL."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo

DEVELOPMENT = "sqlite:///instance/development.db"
EXAMPLE = "sqlite:////srv/{{ cookiecutter.project_slug }}/service.db"


def fit(url: SecretStr, info: ValidationInfo) -> SecretStr:
    """Return the URL, in development a default; raise ValueError where there is none, or not of a file."""
    if not url.get_secret_value():
        if info.data.get("environment", "development") == "development":
            return SecretStr(DEVELOPMENT)
        raise ValueError(f"is required outside development, such as {EXAMPLE}")
    if not re.fullmatch(r"sqlite:///(?!:memory:)[^?#]+", url.get_secret_value()):
        raise ValueError(f"has to be the URL of a file, such as {EXAMPLE}")
    return url


DatabaseUrl = Annotated[SecretStr, AfterValidator(fit), Field(validate_default=True)]
