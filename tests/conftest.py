"""The fixtures, and a line that tells which interpreters are used."""

from pathlib import Path

import pytest

from tests.environments import interpreters
from tests.rendering import Workplace


def pytest_report_header() -> str:
    return f"generated suites run on: {', '.join(f'{python} ({path})' for python, path in interpreters().items())}"


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path / "workplace")
