"""The server that development has: what is too seldom for the suite of each project to wait for it."""

import re
import shutil

import pytest

from tests.support.environments import run
from tests.support.extension import EXTENDED
from tests.support.interpreters import PYTHONS
from tests.support.rendering import Workplace


@pytest.mark.slow
def test_server_that_failed_ends_as_well(workplace: Workplace) -> None:
    project = workplace.render(database="postgresql")
    shutil.copy(EXTENDED / "failed_server.py", project / "tests" / "database" / "test_failed_server.py")

    done = run(project, PYTHONS[0], "pytest", "tests/database/test_failed_server.py")

    assert re.search(r"\b3 passed in", done.stdout)
