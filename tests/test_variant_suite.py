"""Each variant's own suite: green on every Python, deaf to the environment, and able to fail."""

import re
from pathlib import Path

import pytest

from tests.environments import PYTHONS
from tests.rendering import run
from tests.variants import Variant

pytestmark = pytest.mark.check("suite")

HOSTILE = {
    "ENVIRONMENT": "nowhere",
    "SECRET_KEY": "short",
    "HOST": "no address",
    "PORT": "http",
    "WORKERS": "-1",
    "LOG_LEVEL": "loud",
    "port": "99999",
    "FLASK_APP": "nothing",
    "FLASK_DEBUG": "1",
    "FASTAPI_ENV": "production",
}


@pytest.mark.parametrize(
    "python", [PYTHONS[0], *(pytest.param(python, marks=pytest.mark.slow) for python in PYTHONS[1:])]
)
def test_own_suite_passes_with_full_coverage(project: Path, variant: Variant, python: str) -> None:
    done = run(project, python, "pytest", "--cov")

    assert "Required test coverage of 100.0% reached" in done.stdout
    assert re.search(r"\d+ passed in", done.stdout)


def test_own_suite_ignores_a_hostile_environment(project: Path, variant: Variant) -> None:
    lines = [f"{name}={value}" for name, value in HOSTILE.items()]
    (project / ".env").write_text("\n".join(lines))

    run(project, PYTHONS[0], "pytest", **HOSTILE)


@pytest.mark.slow
def test_own_suite_notices_a_missing_setting_in_the_example(project: Path, variant: Variant) -> None:
    example = project / ".env.example"
    example.write_text(example.read_text().replace("# WORKERS=1\n", ""))

    with pytest.raises(AssertionError, match="test_env_example_shows_every_setting_with_its_default"):
        run(project, PYTHONS[0], "pytest", "tests/test_config.py")
