"""Each variant's own suite: green on every Python, deaf to the environment, and able to fail."""

import re
from pathlib import Path

import pytest

from tests.environments import PYTHONS
from tests.rendering import FRAMEWORKS, Workplace, run
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


@pytest.mark.slow
def test_own_suite_passes_with_full_coverage(project: Path, variant: Variant) -> None:
    done = run(project, PYTHONS[0], "pytest", "--cov")

    assert "Required test coverage of 100.0% reached" in done.stdout
    assert re.search(r"\d+ passed in", done.stdout)


def test_own_suite_ignores_a_hostile_environment_on_the_newest_python(project: Path, variant: Variant) -> None:
    lines = [f"{name}={value}" for name, value in HOSTILE.items()]
    (project / ".env").write_text("\n".join(lines))

    run(project, PYTHONS[-1], "pytest", **HOSTILE)


@pytest.mark.slow
@pytest.mark.parametrize("python", PYTHONS[1:-1])
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_own_suite_passes_with_everything_on_the_pythons_between(
    framework: str, python: str, workplace: Workplace
) -> None:
    project = workplace.render(framework=framework, database="postgresql", auth="accounts")

    run(project, python, "pytest", "--cov")


@pytest.mark.slow
def test_own_suite_notices_a_missing_setting_in_the_example(project: Path, variant: Variant) -> None:
    example = project / ".env.example"
    example.write_text(example.read_text().replace("# WORKERS=1\n", ""))

    with pytest.raises(AssertionError, match="test_env_example_shows_every_setting_with_its_default"):
        run(project, PYTHONS[0], "pytest", "tests/test_config.py")
