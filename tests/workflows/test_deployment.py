"""A database in production: migrations from a wheel, and a pooler in front of PostgreSQL."""

import json
import os
import subprocess
import threading
from collections import Counter
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.support.databases import empty_database
from tests.support.environments import BINARIES, environment, uv
from tests.support.interpreters import PYTHONS, interpreters
from tests.support.pooler import pooler
from tests.support.rendering import FRAMEWORKS, Workplace
from tests.support.server import Server

pytestmark = pytest.mark.slow

POSTS = "/api/v1/posts"
CLIENTS, REQUESTS = 20, 50


@pytest.mark.parametrize(
    ("framework", "database"), [("fastapi", "sqlite"), ("flask", "postgresql")], ids=["fastapi", "flask"]
)
def test_wheel_migrates_in_an_empty_environment(
    workplace: Workplace, framework: str, database: str, tmp_path: Path
) -> None:
    project = workplace.render(framework=framework, database=database, auth="accounts")
    uv("build", "--quiet", "--wheel", "--out-dir", str(tmp_path), str(project))
    (wheel,) = tmp_path.glob("*.whl")
    uv("venv", "--quiet", "--python", str(interpreters()[PYTHONS[0]]), str(tmp_path / "environment"))
    python = tmp_path / "environment" / BINARIES / "python"
    uv("pip", "install", "--quiet", "--python", str(python), str(wheel))
    settings = os.environ | {"DATABASE_URL": empty_database(database)}

    for arguments in (["upgrade"], ["downgrade", "base"], ["upgrade"]):
        done = subprocess.run(
            [python, "-m", "my_service", "db", *arguments], cwd=tmp_path, env=settings, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("Running ") == 2

    done = subprocess.run(
        [python, "-m", "my_service", "db", "revision", "-m", "more"],
        cwd=tmp_path,
        env=settings,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith("Error: an installed package is not changed")


@pytest.mark.pooler
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_service_works_behind_a_transaction_pooler(workplace: Workplace, framework: str) -> None:
    project = workplace.render(framework=framework, database="postgresql")
    binaries = environment(project, PYTHONS[0])
    database = empty_database("postgresql").partition("?")[0].rpartition("/")[2]
    with pooler(database) as url:
        settings = {"DATABASE_URL": url, "DATABASE_TRANSACTION_POOLING": "true", "LOG_LEVEL": "WARNING"}
        for command in (["db", "upgrade"], ["db", "seed", "--rows", "3000"]):
            done = subprocess.run(
                [binaries / "python", "-m", "my_service", *command],
                cwd=project,
                env=os.environ | settings,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stderr

        with Server("python -m my_service serve", folder=project, binaries=binaries, WORKERS="2", **settings) as server:
            statuses = load(server.port)
            said = server.said()

        assert statuses == {200: CLIENTS * REQUESTS // 2, 201: CLIENTS * REQUESTS // 2}, said
        assert '"level":"ERROR"' not in said.replace(" ", "")


def load(port: int) -> Counter[int]:
    """Count the statuses that clients get who read and write at the same time."""
    statuses: list[int] = []

    def send(client: int) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        for number in range(REQUESTS):
            if number % 2:
                connection.request("GET", POSTS)
            else:
                post = {"slug": f"post-{client}-{number}", "title": "A title", "body": "A body", "owner": "me"}
                connection.request("POST", POSTS, json.dumps(post), {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
            statuses.append(response.status)
        connection.close()

    threads = [threading.Thread(target=send, args=[client]) for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(statuses)
