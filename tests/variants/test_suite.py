"""Each row's own suite: green, deaf to the environment, with its gate, and able to fail."""

import re
from pathlib import Path

import pytest

from tests.support.environments import run
from tests.support.interpreters import PYTHONS
from tests.support.rendering import FRAMEWORKS, Workplace
from tests.support.variants import Variant

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
# Its tests share one database, which they leave as the migrations made it.
LEFT_BEHIND = """
import sqlalchemy as sa

def pytest_sessionfinish():
    from my_service.database.engine import migration_engine
    from my_service.database.base import Base
    from tests.support.settings import IsolatedSettings

    with migration_engine(IsolatedSettings()).connect() as connection:
        for table in Base.metadata.tables.values():
            rows = connection.scalar(sa.select(sa.func.count()).select_from(table))
            print(f"{table.name} has {rows} rows")
"""


@pytest.mark.slow
@pytest.mark.check("suite")
def test_own_suite_passes_with_full_coverage_whatever_the_environment_says(
    project: Path, variant: Variant, tmp_path: Path
) -> None:
    lines = [f"{name}={value}" for name, value in HOSTILE.items()]
    (project / ".env").write_text("\n".join(lines))

    has_database = variant.answers["database"] != "none"
    (tmp_path / "left_behind.py").write_text(LEFT_BEHIND if has_database else "")

    done = run(project, variant.python, "pytest", "--cov", "-p", "left_behind", **HOSTILE, PYTHONPATH=str(tmp_path))

    assert "Required test coverage of 100.0% reached" in done.stdout
    assert re.search(r"\d+ passed in", done.stdout)
    has_tables = any((project / "migrations").glob("versions/*.py"))
    rows = set(re.findall(r"\w+ has (\d+) rows", done.stdout))
    assert rows == ({"0"} if has_tables else set())
    assert not (project / "instance").exists()


@pytest.mark.slow
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_own_suite_notices_a_missing_setting_in_the_example(framework: str, workplace: Workplace) -> None:
    project = workplace.render(framework=framework)
    example = project / ".env.example"
    example.write_text(example.read_text().replace("# WORKERS=1\n", ""))

    with pytest.raises(AssertionError, match="test_env_example_has_every_setting"):
        run(project, PYTHONS[0], "pytest", "tests/cli/test_settings.py")


def test_lint_notices_a_coroutine_that_blocks(workplace: Workplace) -> None:
    project = workplace.render(framework="fastapi")
    (project / "my_service" / "slow.py").write_text("import time\n\n\nasync def wait() -> None:\n    time.sleep(1)\n")

    with pytest.raises(AssertionError, match="ASYNC251"):
        run(project, PYTHONS[0], "ruff", "check", "--no-cache", ".")
