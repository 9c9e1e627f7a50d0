"""Each variant behind its production server: it boots, answers, and finishes what it has begun."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.databases import database_of, empty_database
from tests.support.environments import PYTHONS, environment
from tests.support.rendering import run
from tests.support.server import Server
from tests.support.variants import Variant


@pytest.mark.check("server")
def test_serve_answers_finishes_a_request_in_flight_and_exits_with_0(variant: Variant, project: Path) -> None:
    service = project / "my_service" / "about" / "service.py"
    service.write_text(
        "import time\n\n" + service.read_text().replace("    return About", "    time.sleep(2)\n    return About")
    )

    with (
        Server("python -m my_service serve", folder=project, binaries=environment(project, PYTHONS[0])) as server,
        ThreadPoolExecutor() as pool,
    ):
        assert server.get("/livez") == (200, {"status": "ok"})
        checks = {"database": "ok"} if has_database(variant) else {}
        assert server.get("/readyz") == (200, {"status": "ok", "checks": checks})
        in_flight = pool.submit(server.get, "/api/v1/about")
        time.sleep(0.4)
        assert server.end(signal.SIGTERM) == 0
        assert "WARNING" not in server.said()
        status, about = in_flight.result()

    assert status == 200
    assert about["name"] == "My Service"


@pytest.mark.check("settings")
def test_default_settings_are_fit_for_development(variant: Variant, project: Path) -> None:
    settings = database_of(project) if variant.has("database=postgresql") else {}

    done = run(project, PYTHONS[0], "my_service", "check", ENVIRONMENT="development", **settings)

    assert "fit for development" in done.stdout


@pytest.mark.check("migrations")
def test_migrations_go_up_and_down_and_up_without_drift(variant: Variant, project: Path) -> None:
    if not has_database(variant):
        assert not (project / "migrations").exists()
        return
    settings = {"DATABASE_URL": empty_database(variant.answers["database"])}

    def alembic(*arguments: str) -> str:
        return run(project, PYTHONS[0], "alembic", *arguments, **settings).stdout

    for arguments in (("upgrade", "head"), ("downgrade", "base"), ("upgrade", "head"), ("check",)):
        said = alembic(*arguments)
    assert "No new upgrade operations detected" in said
    assert len(alembic("heads").splitlines()) <= 1


def has_database(variant: Variant) -> bool:
    return variant.answers["database"] != "none"
