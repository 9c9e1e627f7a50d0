"""Each row behind its production server: it boots, answers, and finishes what it has begun; its migrations work."""

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.databases import database_of, empty_database
from tests.support.environments import environment, run
from tests.support.server import Server
from tests.support.variants import Variant

# Keeps a request in flight for longer than a server takes to stop.
SLOWLY = """
    print("in flight", flush=True)
    time.sleep(2)
    return About"""
# Up, down and up again, and nothing left that a new migration would do.
MIGRATIONS = """
from alembic import command
from alembic.config import Config

config = Config(toml_file="pyproject.toml")
command.upgrade(config, "heads")
command.downgrade(config, "base")
command.upgrade(config, "heads")
command.check(config)
command.heads(config)
"""


@pytest.mark.check("server")
def test_serve_answers_finishes_a_request_in_flight_and_exits_with_0(variant: Variant, project: Path) -> None:
    service = project / "my_service" / "about" / "service.py"
    service.write_text("import time\n\n" + service.read_text().replace("\n    return About", SLOWLY))

    with (
        Server("python -m my_service serve", folder=project, binaries=environment(project, variant.python)) as server,
        ThreadPoolExecutor() as pool,
    ):
        assert server.get("/livez") == (200, {"status": "ok"})
        checks = {"database": "ok"} if has_database(variant) else {}
        assert server.get("/readyz") == (200, {"status": "ok", "checks": checks, "reasons": {}})
        answer = pool.submit(server.get, "/api/v1/about")
        server.wait_until(lambda: "in flight" in server.said())
        assert server.end(signal.SIGTERM) == 0
        assert "WARNING" not in server.said()
        status, about = answer.result()

    assert status == 200
    assert about["name"] == "My Service"


@pytest.mark.check("settings")
def test_default_settings_are_fit_for_development(variant: Variant, project: Path) -> None:
    settings = database_of(project) if variant.has("database=postgresql") else {}

    done = run(project, variant.python, "my_service", "check", ENVIRONMENT="development", **settings)

    assert "valid for development" in done.stdout


@pytest.mark.check("migrations")
def test_migrations_go_up_and_down_and_up_without_drift(variant: Variant, project: Path) -> None:
    if not has_database(variant):
        assert not (project / "migrations").exists()
        return
    (project / "up_and_down.py").write_text(MIGRATIONS)

    done = run(project, variant.python, "up_and_down", DATABASE_URL=empty_database(variant.answers["database"]))

    assert "No new upgrade operations detected" in done.stdout
    # Each option with tables has a first migration of its own.
    assert done.stdout.count("(head)") == len(list((project / "migrations" / "versions").glob("*.py")))


def has_database(variant: Variant) -> bool:
    return variant.answers["database"] != "none"
