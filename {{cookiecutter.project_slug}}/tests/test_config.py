"""The settings: what is accepted, what is refused, what `.env.example` says of them."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from .conftest import IsolatedSettings, Settings

ENV_EXAMPLE = Path(__file__).parent.parent / ".env.example"


def test_development_needs_no_settings() -> None:
    assert IsolatedSettings().environment == "development"


@pytest.mark.parametrize("environment", ["test", "staging", "production"])
@pytest.mark.parametrize(
    ("secret_key", "message"),
    [(None, "required outside development"), ("s" * 31, "at least 32 characters")],
    ids=["missing", "short"],
)
def test_unsafe_secret_is_refused_outside_development(
    environment: str, secret_key: str | None, message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        IsolatedSettings.model_validate({"environment": environment, "secret_key": secret_key})


def test_everything_wrong_is_told_at_once_and_no_value_is_shown() -> None:
    with pytest.raises(ValidationError) as caught:
        IsolatedSettings.model_validate(
            {"environment": "production", "secret_key": "hunter2", "port": 0, "workers": "many"}
        )

    assert {problem["loc"] for problem in caught.value.errors()} == {
        ("secret_key",),
        ("port",),
        ("workers",),
    }
    assert "hunter2" not in str(caught.value)


def test_unknown_environment_is_the_only_thing_told() -> None:
    with pytest.raises(ValidationError) as caught:
        IsolatedSettings.model_validate({"environment": "nowhere"})

    assert [problem["loc"] for problem in caught.value.errors()] == [("environment",)]


def test_log_level_may_be_lower_case() -> None:
    assert IsolatedSettings.model_validate({"log_level": "debug"}).log_level == "DEBUG"


def test_env_example_shows_every_setting_with_its_default(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assignments = [
        line.removeprefix("# ") for line in ENV_EXAMPLE.read_text().splitlines() if "=" in line
    ]
    tmp_path.joinpath(".env").write_text("\n".join(assignments))

    assert [line.partition("=")[0].lower() for line in assignments] == list(Settings.model_fields)
    assert Settings().model_dump() == IsolatedSettings().model_dump()
