"""The settings: what is accepted, what is refused, what `.env.example` says of them."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from .conftest import SECRET_KEY, IsolatedSettings, Settings

ENV_EXAMPLE = Path(__file__).parent.parent / ".env.example"
DEPLOYED = ["test", "staging", "production"]


def test_development_needs_no_settings() -> None:
    assert IsolatedSettings().environment == "development"


def test_deployment_needs_a_secret_only() -> None:
    for environment in DEPLOYED:
        IsolatedSettings.model_validate({"environment": environment, "secret_key": SECRET_KEY})


UNSAFE: dict[str, tuple[dict[str, object], str]] = {
    "missing": ({"secret_key": None}, "is required outside development"),
    "short": ({"secret_key": SECRET_KEY[:31]}, "needs at least 32 characters"),
    **{
        word: ({"secret_key": f"My-{word}-{SECRET_KEY}"}, "known or easy to guess")
        for word in ("12345678", "Change", "Example", "Insecure", "Not-So-Secret", "Your-Secret")
    },
    "repeated": ({"secret_key": "abc" * 20}, "known or easy to guess"),
    "debug": ({"debug": True}, "for development only"),
    "any host": ({"allowed_hosts": ["example.com", "*"]}, "has to name the hosts"),
}


@pytest.mark.parametrize("environment", DEPLOYED)
@pytest.mark.parametrize(("unsafe", "message"), UNSAFE.values(), ids=UNSAFE)
def test_unsafe_settings_are_for_development_only(
    environment: str, unsafe: dict[str, object], message: str
) -> None:
    settings = {"environment": environment, "secret_key": SECRET_KEY, **unsafe}

    IsolatedSettings.model_validate(unsafe)
    with pytest.raises(ValidationError, match=message) as caught:
        IsolatedSettings.model_validate(settings)
    assert {problem["loc"][0] for problem in caught.value.errors()} == set(unsafe)


def test_credentials_are_for_named_origins() -> None:
    with pytest.raises(ValidationError, match="name the origins"):
        IsolatedSettings.model_validate({"cors_origins": ["*"], "cors_credentials": True})


@pytest.mark.parametrize(
    ("origin", "compared"),
    [
        ("https://App.Example.com", "https://app.example.com"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)
def test_origin_is_written_as_browsers_send_it(origin: str, compared: str) -> None:
    assert IsolatedSettings.model_validate({"cors_origins": origin}).cors_origins == (compared,)


@pytest.mark.parametrize(
    "origin",
    [
        "https://example.com/",
        "https://example.com:port",
        "https://example.com?",
        "https://exa(mple|).com",
        "https://user@example.com",
        "https://*.example.com",
        "ftp://example.com",
        "null",
    ],
)
def test_other_text_is_no_origin(origin: str) -> None:
    with pytest.raises(ValidationError, match="cors_origins"):
        IsolatedSettings.model_validate({"cors_origins": origin})


def test_everything_wrong_is_told_at_once_and_no_value_is_shown() -> None:
    wrong = {
        "environment": "production",
        "debug": "true",
        "secret_key": "hunter2",
        "host": "localhost",
        "port": 0,
        "workers": "many",
        # {% if cookiecutter.__gateway == "wsgi" %}
        "threads": 0,
        # {% endif %}
        "max_connections": 0,
        "request_timeout": 0,
        "grace_period": "long",
        "log_level": "loud",
        "docs": "maybe",
        "root_path": "shop/",
        "max_body_size": -1,
        "allowed_hosts": "https://example.com",
        "trusted_proxies": "proxy.example.com",
        "cors_origins": "https://example.com/app",
        "cors_credentials": "perhaps",
        # {% if cookiecutter.database != "none" %}
        "database_url": "mysql://root:hunter2@localhost/service",
        "database_pool_size": 0,
        "database_pool_timeout": 0,
        "database_lock_timeout": -1,
        # {% endif %}
        # {% if cookiecutter.database == "postgresql" %}
        "database_statement_timeout": 0,
        # {% endif %}
        # {% if cookiecutter.auth == "accounts" %}
        "registration": "perhaps",
        "secret_key_fallbacks": "hunter2",
        "access_token_lifetime": 0,
        "refresh_token_lifetime": 0,
        "account_limit": "often",
        "address_limit": "10 per blink",
        "rate_limit_storage": 1,
        # {% endif %}
    }

    with pytest.raises(ValidationError) as caught:
        IsolatedSettings.model_validate(wrong)

    told = {str(problem["loc"][0]) for problem in caught.value.errors()}
    assert told == set(wrong) - {"environment"}
    assert set(wrong) == set(Settings.model_fields)
    assert "hunter2" not in str(caught.value)


def test_unknown_environment_is_the_only_thing_told() -> None:
    with pytest.raises(ValidationError) as caught:
        IsolatedSettings.model_validate({"environment": "nowhere"})

    assert [problem["loc"] for problem in caught.value.errors()] == [("environment",)]


def test_log_level_may_be_lower_case() -> None:
    assert IsolatedSettings.model_validate({"log_level": "debug"}).log_level == "DEBUG"


def test_lists_are_separated_by_commas(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ALLOWED_HOSTS", "Example.com, *.example.org,[::1],my_service")
    environment.setenv("TRUSTED_PROXIES", "10.0.0.0/8,::1")
    environment.setenv("CORS_ORIGINS", "https://a.example,http://localhost:3000")

    settings = Settings()

    assert settings.allowed_hosts == ("example.com", "*.example.org", "[::1]", "my_service")
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8", "::1/128"]
    assert settings.cors_origins == ("https://a.example", "http://localhost:3000")


def test_secrets_are_those_long_enough_to_be_one() -> None:
    assert SECRET_KEY in IsolatedSettings.model_validate({"secret_key": SECRET_KEY}).secrets()
    assert "short" not in IsolatedSettings.model_validate({"secret_key": "short"}).secrets()


def test_env_example_shows_every_setting_with_its_default(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assignments = [
        line.removeprefix("# ")
        for line in ENV_EXAMPLE.read_text().splitlines()
        if line.startswith("# ") and line[2:].partition("=")[0].isupper()
    ]
    tmp_path.joinpath(".env").write_text("\n".join(assignments))

    assert [line.partition("=")[0].lower() for line in assignments] == list(Settings.model_fields)
    assert Settings().model_dump() == IsolatedSettings().model_dump()
