"""The secrets that log lines must not show."""

from {{ cookiecutter.package_name }}.observability.masking import secrets_of

from ..support.settings import SECRET_KEY, IsolatedSettings


def test_secrets_are_those_long_enough_to_be_one() -> None:
    for secret, is_secret in ((SECRET_KEY, True), ("short", False)):
        settings = IsolatedSettings.model_validate({"secret_key": secret})

        assert (secret in secrets_of(settings)) is is_secret
