"""One contract: the black-box tests of a row pass against the service of the other framework."""

import re
import shutil
from pathlib import Path

import pytest

from tests.support.databases import own_database_of
from tests.support.environments import environment, run
from tests.support.extension import OPEN
from tests.support.server import Server
from tests.support.variants import Variant

PLUGIN = Path(__file__).parents[1] / "support" / "against_a_server.py"


@pytest.mark.check("contract")
@pytest.mark.twin
def test_black_box_tests_pass_against_the_other_framework(variant: Variant, project: Path, twin: Path) -> None:
    shutil.copy(PLUGIN, project)
    settings = {"ENVIRONMENT": "test", "SECRET_KEY": "only for this service of the tests", **OPEN}
    # The tests delete what they find, which has to be their own.
    settings |= own_database_of(twin)

    with Server(
        "python -m my_service serve", folder=twin, binaries=environment(twin, variant.python), **settings
    ) as server:
        url = f"http://127.0.0.1:{server.port}"
        done = run(project, variant.python, "pytest", "-p", "against_a_server", CONTRACT_URL=url)
        passed = re.search(r"(\d+) passed, \d+ deselected", done.stdout)

        assert passed
        assert int(passed[1]) >= 3
        # One request for each test, and the one that found the service alive.
        server.wait_until(lambda: server.said().count('"message":"request"') > int(passed[1]))
