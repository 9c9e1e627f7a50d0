"""What serves a project besides `serve`, and what `run` and `serve` do with settings, changes and a distribution."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.environments import environment, uv
from tests.support.interpreters import PYTHONS
from tests.support.rendering import FRAMEWORKS, Workplace
from tests.support.server import Server

pytestmark = pytest.mark.slow

SERVERS = [
    ("fastapi", "python -m my_service serve"),
    ("fastapi", "python -m my_service run"),
    ("fastapi", "fastapi dev --port {port}"),
    ("fastapi", "uvicorn --port {port} asgi:app"),
    ("fastapi", "fastapi run --port {port}"),
    ("fastapi", "uvicorn --port {port} --factory my_service:create_app"),
    ("fastapi", "python -c 'import asgi, uvicorn; uvicorn.run(asgi.app, port={port})'"),
    ("flask", "python -m my_service serve"),
    ("flask", "python -m my_service run"),
    ("flask", "flask run --port {port}"),
    ("flask", "env FLASK_RUN_PORT={port} python -m flask run"),
    ("flask", "flask --app my_service run --debug --port {port}"),
    ("flask", "gunicorn --bind 127.0.0.1:{port} wsgi:app"),
    ("flask", "gunicorn --bind 127.0.0.1:{port} my_service:create_app()"),
]


@pytest.fixture(params=FRAMEWORKS)
def project(request: pytest.FixtureRequest, workplace: Workplace) -> Path:
    return workplace.render(framework=str(request.param))


@pytest.mark.parametrize(("framework", "command"), SERVERS)
def test_server_finds_the_application(framework: str, command: str, workplace: Workplace) -> None:
    project = workplace.render(framework=framework)

    with Server(command, folder=project, binaries=binaries(project)) as server:
        assert server.get("/livez") == (200, {"status": "ok"})
        assert server.get("/readyz") == (200, {"status": "ok", "checks": {"database": "ok"}, "reasons": {}})
        about = {"name": "My Service", "version": "0.1.0", "environment": "development"}
        assert server.get("/api/v1/about") == (200, about)
        server.wait_until(lambda: "/livez" in server.said())
        # The service's own line, and no other of the server.
        assert server.said().count("/livez") == 1


def binaries(project: Path) -> Path:
    """Return where the commands of the project's environment are; gunicorn, which users may bring, included."""
    return environment(project, PYTHONS[0], "gunicorn>=27,<28")


def test_flask_lists_the_routes(workplace: Workplace) -> None:
    project = workplace.render(framework="flask")

    for command in (["flask", "routes"], ["flask", "--app", "my_service", "routes"]):
        listed = subprocess.run(
            [binaries(project) / command[0], *command[1:]], cwd=project, capture_output=True, text=True
        )
        assert "/api/v1/about" in listed.stdout, listed.stderr


def test_serve_starts_as_many_workers_as_settings_say(project: Path) -> None:
    with Server("python -m my_service serve", folder=project, binaries=binaries(project), WORKERS="2") as server:
        server.wait_until(lambda: server.said().count("Started server process") == 2)
        children = subprocess.run(
            ["ps", "-ww", "-o", "args=", "--ppid", str(server.process.pid)], capture_output=True, text=True
        )

    assert sum("spawn_main" in command for command in children.stdout.splitlines()) == 2


def test_run_reloads_a_changed_module_and_survives_a_broken_one(project: Path) -> None:
    metadata = project / "my_service" / "metadata.py"
    original = metadata.read_text()

    with Server("python -m my_service run", folder=project, binaries=binaries(project)) as server:
        metadata.write_text("broken(")
        server.wait_until(lambda: "SyntaxError" in server.said())
        # Of another length: within a second, Python tells files that have changed by their size.
        metadata.write_text(original.replace("0.1.0", "0.20.0"))
        server.wait_until(lambda: version(server) == "0.20.0")
        assert server.get("/readyz")[0] == 200
        # The first check of migrations imports Alembic, which would report each of its plugins.
        assert "setup plugin" not in server.said()


def version(server: Server) -> str | None:
    try:
        return str(server.get("/api/v1/about", timeout=1)[1]["version"])
    except OSError:
        return None


def test_unfit_settings_are_listed_at_once(project: Path) -> None:
    unfit = {"ENVIRONMENT": "production", "PORT": "http"}
    for command in ("check", "serve", "run"):
        done = subprocess.run(
            [binaries(project) / "python", "-m", "my_service", command],
            cwd=project,
            env=os.environ | unfit,
            capture_output=True,
            text=True,
        )

        assert done.returncode == 1
        assert done.stdout == ""
        assert [line.split()[0] for line in done.stderr.splitlines()] == [
            *("SECRET_KEY", "PORT", "ALLOWED_HOSTS", "DATABASE_URL")
        ]


def test_distribution_serves_from_any_folder(project: Path, tmp_path: Path) -> None:
    uv("build", "--quiet", "--wheel", "--out-dir", str(tmp_path / "dist"), str(project))
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    site = tmp_path / "site"
    uv("pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel))

    assert wheel.name.startswith("my_service-0.1.0-")
    assert sorted(path.name for path in site.iterdir() if "dist-info" not in path.name and path.name[0] != ".") == [
        "my_service"
    ]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with Server(
        "python -m my_service serve", folder=elsewhere, binaries=binaries(project), PYTHONPATH=str(site)
    ) as server:
        assert server.get("/api/v1/about")[1]["version"] == "0.1.0"
