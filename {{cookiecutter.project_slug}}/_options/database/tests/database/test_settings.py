"""Validation of the settings of the database."""

from {{ cookiecutter.package_name }}.database.settings import DatabaseSettings

from ..support.invalid_settings import errors_of
from ..support.settings import IsolatedSettings


def test_invalid_settings_are_reported_without_values(
    production_settings: dict[str, object],
) -> None:
    invalid: dict[str, object] = {
        "database_url": "mysql://root:hunter2@localhost/service",
        "database_pool_size": 0,
        "database_pool_timeout": 0,
        "database_lock_timeout": 0,
        "database_statement_timeout": 0,
    }

    assert set(errors_of(production_settings | invalid)) == set(invalid)
    assert set(invalid) == {"database_url", *DatabaseSettings.__annotations__}


def test_smallest_values_are_accepted(production_settings: dict[str, object]) -> None:
    smallest = {
        "database_pool_size": 1,
        "database_pool_timeout": 0.1,
        "database_lock_timeout": 0.1,
        "database_statement_timeout": 0.1,
    }

    IsolatedSettings.model_validate(production_settings | smallest)
