"""Each variant's OpenAPI document: the same on both frameworks, true of the service, and shown by a page that works."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.accounts import log_in, register
from tests.support.environments import CACHE
from tests.support.extension import extended_server, framework_of
from tests.support.rendering import BIN, FRAMEWORKS, TEMPLATE, Workplace
from tests.support.server import Server
from tests.support.variants import Variant

pytestmark = pytest.mark.check("openapi")


def document(project: Path, framework: str) -> Any:
    with extended_server(project, framework) as server:
        return server.get("/openapi.json")[1]


def test_both_frameworks_give_the_same_document(variant: Variant, project: Path, workplace: Workplace) -> None:
    (other,) = set(FRAMEWORKS) - {framework_of(variant)}
    twin = workplace.render(**variant.answers | {"framework": other})

    own = document(project, framework_of(variant))

    assert list(own["paths"]["/api/v1/things"]) == ["get", "post"]
    assert own == document(twin, other)


@pytest.mark.slow
def test_service_does_what_its_document_says(variant: Variant, project: Path) -> None:
    with extended_server(project, framework_of(variant), LOG_LEVEL="WARNING") as server:
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
