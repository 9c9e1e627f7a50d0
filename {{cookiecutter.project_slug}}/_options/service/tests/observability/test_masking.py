"""The secrets that are masked in logs."""

from {{ cookiecutter.package_name }}.observability.masking import secrets_of

from ..support.settings import SECRET_KEY, IsolatedSettings


def test_only_long_values_are_masked() -> None:
    for secret, is_masked in ((SECRET_KEY, True), ("short", False)):
        settings = IsolatedSettings.model_validate({"secret_key": secret})

        assert (secret in secrets_of(settings)) is is_masked
