"""Validation of the settings of accounts."""

import pytest

from {{ cookiecutter.package_name }}.accounts.settings import AccountSettings

from ..support.invalid_settings import GUESSABLE_KEYS, errors_of
from ..support.settings import SECRET_KEY, IsolatedSettings


def test_invalid_settings_are_reported_without_values(
    production_settings: dict[str, object],
) -> None:
    invalid: dict[str, object] = {
        "registration": "perhaps",
        "secret_key_fallbacks": "hunter2",
        "access_token_lifetime": 0,
        "refresh_token_lifetime": 0,
        "account_from_address_limit": "often",
        "account_limit": "often",
        "address_limit": "10 per blink",
        "rate_limit_storage": 1,
    }

    assert set(errors_of(production_settings | invalid)) == set(invalid)
    assert set(invalid) == set(AccountSettings.model_fields)


@pytest.mark.parametrize(("message", "keys"), GUESSABLE_KEYS.items())
def test_guessable_former_key_is_rejected_outside_development(
    production_settings: dict[str, object], message: str, keys: set[str]
) -> None:
    for key in keys:
        fallbacks: dict[str, object] = {"secret_key_fallbacks": [SECRET_KEY, key]}
        IsolatedSettings.model_validate(fallbacks)
        ((name, error),) = errors_of(production_settings | fallbacks).items()
        assert (name, message in error) == ("secret_key_fallbacks", True), key


def test_any_origin_is_rejected_outside_development(
    production_settings: dict[str, object],
) -> None:
    any_origin: dict[str, object] = {"cors_origins": ["*"]}

    IsolatedSettings.model_validate(any_origin)
    assert "must not contain '*'" in errors_of(production_settings | any_origin)["cors_origins"]


def test_shortest_lifetimes_are_accepted(production_settings: dict[str, object]) -> None:
    shortest = {"access_token_lifetime": 1, "refresh_token_lifetime": 1}

    IsolatedSettings.model_validate(production_settings | shortest)
