"""Settings for tests, independent of the environment."""

from pathlib import Path

# {% if "database" in cookiecutter.__facts %}
from pydantic import Field
# {% endif %}
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from {{ cookiecutter.package_name }}.config import Settings
# {% if "database" in cookiecutter.__facts %}
from {{ cookiecutter.package_name }}.database.engine_settings import DatabaseUrl
# {% endif %}
# {% if "database" in cookiecutter.__facts %}

from .databases import migrated_database
# {% endif %}

PACKAGE = "{{ cookiecutter.package_name }}"
PROJECT = Path(__file__).parents[2]
SECRET_KEY = "signing key used only in these tests"
# What staging and production require in addition to it.
REQUIRED: dict[str, object] = {
    "allowed_hosts": "localhost,testserver",
    # {% if "recovery" in cookiecutter.__facts %}
    "client_url": "https://app.example.com",
    # {% endif %}
    # {% if "mail" in cookiecutter.__facts %}
    "mail_from": "no-reply@example.com",
    "mail_url": "smtps://mail.example.com",
    # {% endif %}
}


class IsolatedSettings(Settings):
    """Settings that ignore environment variables and `.env`."""

    # {% if "database" in cookiecutter.__facts %}
    database_url: DatabaseUrl = Field(default_factory=migrated_database)

    # {% endif %}
    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def link_project(folder: Path) -> None:
    """Link the code of the project into a folder, which has no `.env`."""
    for name in (
        PACKAGE,
        # {% if "database" in cookiecutter.__facts %}
        "migrations",
        # {% endif %}
        "pyproject.toml",
    ):
        (folder / name).symlink_to(PROJECT / name)
