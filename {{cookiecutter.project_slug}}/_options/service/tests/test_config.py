"""Validation of the settings."""

import base64
import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from {{ cookiecutter.package_name }}.config import ServiceSettings, Settings

from .support.invalid_settings import GUESSABLE_KEYS, errors_of
from .support.settings import PACKAGE, REQUIRED, SECRET_KEY, IsolatedSettings, link_project

DEPLOYED_ENVIRONMENTS = ["test", "staging", "production"]


def test_development_requires_no_settings() -> None:
    assert IsolatedSettings().environment == "development"


def test_deployment_only_requires_a_few_settings() -> None:
    for environment in DEPLOYED_ENVIRONMENTS:
        required: dict[str, object] = {"environment": environment, "secret_key": SECRET_KEY}
        IsolatedSettings.model_validate(required | REQUIRED)
        errors = {} if environment == "test" else errors_of(required)
        assert set(errors) == (set() if environment == "test" else set(REQUIRED))


def test_local_hosts_can_be_listed_explicitly(production_settings: dict[str, object]) -> None:
    IsolatedSettings.model_validate(production_settings | {"allowed_hosts": "localhost"})


UNSAFE: dict[str, tuple[dict[str, object], str]] = {
    "missing": ({"secret_key": None}, "is required outside development"),
    "debug": ({"debug": True}, "must be false outside development"),
    "any host": ({"allowed_hosts": ["example.com", "*"]}, "must not contain '\\*'"),
    **{
        host: ({"allowed_hosts": ["example.com", host]}, "must not contain a public suffix")
        for host in ("*.com", "*.co.uk", "*.com.au", "*.localhost", "*.org.")
    },
    **{
        network: ({"trusted_proxies": ["10.0.0.1", network]}, "most of the internet")
        for network in (
            "0.0.0.0/0",
            "128.0.0.0/1",
            "16.0.0.0/7",
            "::/0",
            "2000::/3",
            "::ffff:0:0/96",
        )
    },
}
# How tools encode random bytes. The tests use hashes instead, so that all runs are the same.
ENCODINGS: dict[str, Callable[[bytes], str]] = {
    "token_urlsafe": lambda key: base64.urlsafe_b64encode(key).rstrip(b"=").decode(),
    "token_hex": bytes.hex,
    "openssl": lambda key: base64.b64encode(key).decode(),
    "shortest": lambda key: base64.urlsafe_b64encode(key[:24]).decode(),
}


@pytest.mark.parametrize(("message", "keys"), GUESSABLE_KEYS.items())
def test_guessable_secret_key_is_rejected_outside_development(message: str, keys: set[str]) -> None:
    for key in keys:
        IsolatedSettings.model_validate({"environment": "development", "secret_key": key})
        ((name, error),) = errors_of({"environment": "test", "secret_key": key}).items()
        assert (name, message in error) == ("secret_key", True), key


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_random_keys_are_accepted(encode: Callable[[bytes], str]) -> None:
    for number in range(500):
        key = hashlib.sha256(str(number).encode()).digest()
        IsolatedSettings.model_validate({"environment": "test", "secret_key": encode(key)})


def test_specific_hosts_proxies_and_origins_are_accepted(
    production_settings: dict[str, object],
) -> None:
    specific = {
        "allowed_hosts": "example.com,*.example.com,*.example.co.uk,*.apps.example.com,localhost",
        "trusted_proxies": "10.0.0.0/8,104.16.0.0/13,fd00::/8,fc00::/7,2400:cb00::/32,::ffff:10.0.0.0/104",
        "cors_origins": "https://app.example.com",
    }

    IsolatedSettings.model_validate(production_settings | specific)


@pytest.mark.parametrize("environment", DEPLOYED_ENVIRONMENTS)
@pytest.mark.parametrize(("unsafe", "message"), UNSAFE.values(), ids=UNSAFE)
def test_unsafe_settings_are_rejected_outside_development(
    environment: str, unsafe: dict[str, object], message: str
) -> None:
    safe = {"secret_key": SECRET_KEY, **REQUIRED}
    settings = {"environment": environment, **safe, **unsafe}

    IsolatedSettings.model_validate(unsafe)
    with pytest.raises(ValidationError, match=message) as caught:
        IsolatedSettings.model_validate(settings)
    assert {problem["loc"][0] for problem in caught.value.errors()} == set(unsafe)


def test_credentials_require_explicit_origins() -> None:
    with pytest.raises(ValidationError, match="list the origins"):
        IsolatedSettings.model_validate({"cors_origins": ["*"], "cors_credentials": True})


@pytest.mark.parametrize(
    ("origin", "normalized"),
    [
        ("https://App.Example.com", "https://app.example.com"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)
def test_origin_is_normalized(origin: str, normalized: str) -> None:
    assert IsolatedSettings.model_validate({"cors_origins": origin}).cors_origins == (normalized,)


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
def test_invalid_origin_is_rejected(origin: str) -> None:
    with pytest.raises(ValidationError, match="cors_origins"):
        IsolatedSettings.model_validate({"cors_origins": origin})


def test_all_errors_are_reported_without_values() -> None:
    invalid = {
        "environment": "production",
        "debug": "true",
        "secret_key": "hunter2",
        "host": "",
        "port": 65536,
        "workers": 0,
        # {% if "flask" in cookiecutter.__facts %}
        "threads": 3,
        # {% endif %}
        "max_connections": 0,
        "request_timeout": 0,
        "grace_period": 0,
        "log_level": "loud",
        "docs": "maybe",
        "root_path": "shop/",
        "max_body_size": -1,
        "allowed_hosts": "https://example.com",
        "trusted_proxies": "proxy.example.com",
        "cors_origins": "https://example.com/app",
        "cors_credentials": "perhaps",
    }

    assert set(errors_of(REQUIRED | invalid)) == set(invalid) - {"environment"}
    assert set(invalid) == set(ServiceSettings.model_fields)


def test_unknown_environment_is_the_only_error() -> None:
    assert set(errors_of({"environment": "unknown"})) == {"environment"}


def test_environment_variables_override_the_env_file(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tmp_path.joinpath(".env").write_text("PORT=8001\nWORKERS=2\nUNKNOWN=1\n")
    environment.setenv("WORKERS", "3")

    settings = Settings()

    assert (settings.port, settings.workers) == (8001, 3)


@pytest.mark.parametrize("is_installed", [False, True])
def test_env_file_is_in_the_project_or_in_the_current_folder(
    environment: pytest.MonkeyPatch, tmp_path: Path, is_installed: bool
) -> None:
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    for folder, name in ((project, "test"), (elsewhere, "staging")):
        folder.mkdir()
        settings = {"environment": name, "secret_key": SECRET_KEY, **REQUIRED}
        lines = [f"{variable.upper()}={value}\n" for variable, value in settings.items()]
        (folder / ".env").write_text("".join(lines))
    link_project(project)
    if is_installed:
        (project / "pyproject.toml").unlink()
    environment.setenv("PYTHONPATH", str(project))

    check = [sys.executable, "-m", PACKAGE, "check"]
    output = subprocess.check_output(check, cwd=elsewhere, text=True)

    assert output == f"Settings are valid for {'staging' if is_installed else 'test'}.\n"


def test_smallest_and_largest_values_are_accepted(production_settings: dict[str, object]) -> None:
    smallest = {
        "port": 1,
        "workers": 1,
        # {% if "flask" in cookiecutter.__facts %}
        "threads": 4,
        # {% endif %}
        "max_connections": 1,
        "request_timeout": 0.1,
        "grace_period": 1,
        "max_body_size": 0,
    }

    IsolatedSettings.model_validate(production_settings | smallest)
    IsolatedSettings.model_validate(production_settings | {"port": 65535})


def test_settings_are_read_from_files_of_a_container(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    folder.joinpath("secret_key").write_text(f"{SECRET_KEY}\n")
    folder.joinpath("port").write_text("8001")
    folder.joinpath("unknown").write_text("1")
    environment.setenv("PORT", "8002")

    settings = Settings(_secrets_dir=folder)

    assert settings.secret_key is not None
    assert (settings.secret_key.get_secret_value(), settings.port) == (SECRET_KEY, 8002)


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("text", ["", "\n"])
def test_file_of_a_container_without_text_is_no_value(text: str, tmp_path: Path) -> None:
    for name in ("secret_key", "workers", "cors_origins"):
        tmp_path.joinpath(name).write_text(text)

    settings = Settings(_secrets_dir=tmp_path)

    assert (settings.secret_key, settings.workers, settings.cors_origins) == (None, 1, ())


def test_log_level_is_case_insensitive() -> None:
    for level in ("critical", "error", "warning", "info", "debug"):
        assert IsolatedSettings.model_validate({"log_level": level}).log_level == level.upper()


def test_lists_are_comma_separated(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ALLOWED_HOSTS", "Example.com, *.example.org,[::1],my_service")
    environment.setenv("TRUSTED_PROXIES", "10.0.0.0/8,::1")
    environment.setenv("CORS_ORIGINS", "https://a.example,http://localhost:3000")

    settings = Settings()

    assert settings.allowed_hosts == ("example.com", "*.example.org", "[::1]", "my_service")
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8", "::1/128"]
    assert settings.cors_origins == ("https://a.example", "http://localhost:3000")
