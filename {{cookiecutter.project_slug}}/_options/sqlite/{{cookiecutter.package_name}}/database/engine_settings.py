"""Settings of SQLite."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr, ValidationInfo

from ..validators import is_deployed

DEVELOPMENT = "sqlite:///instance/development.db"
EXAMPLE = "sqlite:////srv/{{ cookiecutter.project_slug }}/service.db"


def validate_database_url(url: SecretStr, info: ValidationInfo) -> SecretStr:
    """Return the URL; raise ValueError if it is not a SQLite file URL, or the default outside development."""
    if url.get_secret_value() == DEVELOPMENT and is_deployed(info):
        raise ValueError(f"is required outside development, for example {EXAMPLE}")
    if not re.fullmatch(r"sqlite:///(?!:memory:)[^?#]+", url.get_secret_value()):
        raise ValueError(f"must be a SQLite file URL, for example {EXAMPLE}")
    return url


DatabaseUrl = Annotated[SecretStr, AfterValidator(validate_database_url)]


class EngineSettings(BaseModel):
    """Settings of the database file."""

    database_url: DatabaseUrl = Field(
        SecretStr(DEVELOPMENT),
        validate_default=True,
        description="URL of the database file, whose path may be relative to the project; required outside development",
    )
    database_synchronous: Annotated[Literal["FULL", "NORMAL"], BeforeValidator(str.upper)] = Field(
        "FULL",
        description="FULL waits until a commit is on the disk; after NORMAL, a power cut may undo the last commits",
    )
