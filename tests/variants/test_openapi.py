"""Each row's OpenAPI document: the same on both frameworks, and true of the service."""

import itertools
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.accounts import log_in, register
from tests.support.environments import CACHE, environment
from tests.support.extension import extend, extended_server, framework_of
from tests.support.rendering import BIN, TEMPLATE
from tests.support.server import Server
from tests.support.variants import ALONE, OFF, TOGETHER, Variant, behavioural_choices, rows

pytestmark = pytest.mark.check("openapi")


def document(project: Path, variant: Variant) -> Any:
    extend(project, framework_of(variant))
    command = [str(environment(project, variant.python) / "python"), "document.py"]
    settings = {"ENVIRONMENT": "development"}
    if variant.has("database=postgresql"):
        settings["DATABASE_URL"] = "postgresql://nobody@127.0.0.1/none"  # which no document asks
    done = subprocess.run(command, cwd=project, env=os.environ | settings, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.twin
def test_both_frameworks_give_the_same_document(variant: Variant, project: Path, twin: Path) -> None:
    own = document(project, variant)

    assert list(own["paths"]["/api/v1/things"]) == ["get", "post"]
    assert own == document(twin, variant.twin())


def exhaustive() -> list[Variant]:
    """Return the fewest rows that have every option with operations, on each framework and with each database.

    Domains meet each framework with each database; other options meet each of the two.
    """
    chosen: list[Variant] = []
    answers = behavioural_choices()
    frameworks = [("framework", framework) for framework in answers.pop("framework")]
    databases = [("database", database) for database in answers.pop("database") if database not in OFF]
    together = [*itertools.product(frameworks, databases)]
    apart = [(choice,) for choice in (*frameworks, *databases)]
    missing = {
        (*others, (name, value))
        for name, values in answers.items()
        for value in values
        # Both kinds of jobs have the same operations.
        if value not in OFF and (name, value) not in ALONE | {("jobs", "celery")}
        for others in (together if name in TOGETHER else apart)
    }
    while missing:
        best = max(rows(), key=lambda row: sum(set(each) <= set(row.pairs) for each in missing))
        chosen.append(best)
        missing = {each for each in missing if not set(each) <= set(best.pairs)}
    return chosen


@pytest.mark.slow
@pytest.mark.variants.with_args(exhaustive)
def test_service_does_what_its_document_says(variant: Variant, project: Path) -> None:
    with extended_server(project, framework_of(variant), python=variant.python, LOG_LEVEL="WARNING") as server:
        expect_no_failure(schemathesis(project, server))
        if variant.has("auth=accounts"):
            token = f"Authorization: Bearer {log_in(server, register(server))['access_token']}"
            # Without what would end the login of the token.
            expect_no_failure(schemathesis(project, server, "--header", token, "--exclude-path-regex", "logout"))


def expect_no_failure(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\b([1-9]\d*) generated, \1 passed", done.stdout), done.stdout


def schemathesis(project: Path, server: Server, *more: str) -> subprocess.CompletedProcess[str]:
    """Run all its checks, with the configuration that belongs to the template."""
    shutil.copy(TEMPLATE / "schemathesis.toml", project)
    url = f"http://127.0.0.1:{server.port}/openapi.json"
    options = ["--checks", "all", "--max-examples", "30", "--generation-deterministic", *more]
    # What it computes about Unicode takes seconds, and is the same for every project.
    environment = os.environ | {"HYPOTHESIS_STORAGE_DIRECTORY": str(CACHE.with_name("hypothesis"))}
    command = [str(BIN / "schemathesis"), "run", url, *options]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
