"""The image of a project is built, migrated, started, probed and stopped, as an engine does it."""

import json
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.databases import empty_database
from tests.support.every_combination import write
from tests.support.images import BASE, Image, built
from tests.support.rendering import FRAMEWORKS
from tests.support.template import compiled

VARIANTS = [(framework, database) for framework in FRAMEWORKS for database in ("sqlite", "postgresql")]
SECRET_KEY = "wH0f8Qe3ZtYpLr7uVnXk2mJc9aBdGsRi4"
# Bytes; what the environment of the service may have above the base image.
MAX_SIZE = 110_000_000
TOOLS = {"gcc", "mypy", "pytest", "ruff", "uv"}


@pytest.fixture(params=VARIANTS, ids="-".join)
def answers(request: pytest.FixtureRequest) -> dict[str, str]:
    framework, database = request.param
    return {"framework": framework, "database": database, "auth": "accounts", "metrics": "prometheus"}


@pytest.fixture
def image(answers: dict[str, str], tmp_path: Path) -> Iterator[Image]:
    project = write(compiled().render(answers), tmp_path / "my-service")
    name = f"localhost/service-{answers['framework']}-{answers['database']}-{os.getpid()}"
    # Half of them are built on the image that the Dockerfile names, half on another one.
    arguments = ["--build-arg", f"BASE_IMAGE={BASE}"] if answers["framework"] == "flask" else []
    with built(project, name, *arguments) as image:
        yield image


@pytest.mark.slow
@pytest.mark.image
def test_image_is_small_and_migrates_serves_and_stops(image: Image, answers: dict[str, str], tmp_path: Path) -> None:
    expect_small_without_tools(image)
    secrets, data = tmp_path / "secrets", tmp_path / "data"
    for folder in (secrets, data):
        folder.mkdir()
        os.chown(folder, 10001, 10001)
    is_sqlite = answers["database"] == "sqlite"
    url = "sqlite:////data/service.db" if is_sqlite else empty_database("postgresql")
    secrets.joinpath("secret_key").write_text(f"{SECRET_KEY}\n")
    secrets.joinpath("database_url").write_text(url)
    volumes = {"/run/secrets": secrets} | ({"/data": data} if is_sqlite else sockets(url))
    environment = {"ENVIRONMENT": "production", "ALLOWED_HOSTS": "*.example.com,127.0.0.1", "REGISTRATION": "true"}

    image.run("python", "-m", "my_service", "db", "upgrade", volumes=volumes, environment=environment)
    with image.server(volumes, environment) as server:
        probed = {**environment, "PORT": str(server.port)}
        image.run(*image.config["Healthcheck"]["Test"][1:], volumes=volumes, environment=probed)
        assert server.get("/readyz")[0] == 200
        assert server.get("/api/v1/posts") == (200, {"items": [], "next": None})
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        assert "Uid:\t10001\t10001\t10001\t10001" in status
        # A request is in flight when the container is stopped.
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
            client.sendall(
                b"POST /api/v1/accounts HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                b"Content-Length: 2\r\n\r\n{"
            )
            # Connections are accepted in their order.
            server.get("/livez")
            server.process.send_signal(signal.Signals[image.config["StopSignal"]])
            server.wait_until(lambda: is_closed(server.port))
            client.sendall(b"}")
            assert b"HTTP/1.1 422" in client.recv(4096)
        assert server.process.wait(timeout=20) == 0
        lines = [json.loads(line) for line in server.said().splitlines()]
    assert [line["route"] for line in lines if line.get("status") == 422] == ["/api/v1/accounts"]


def expect_small_without_tools(image: Image) -> None:
    own = image.root / "opt"
    installed = {path.name for path in own.rglob("*")}
    commands = {path.name for folder in ("bin", "usr/bin", "usr/local/bin") for path in (image.root / folder).iterdir()}

    assert sum(path.lstat().st_size for path in own.rglob("*")) < MAX_SIZE
    assert TOOLS.isdisjoint(installed | commands)
    assert not image.root.joinpath("src").exists()
    assert image.config["Cmd"] == ["python", "-m", "my_service", "serve"]
    assert image.config["Labels"]["org.opencontainers.image.title"] == "my-service"


def is_closed(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return False
    return True


def sockets(url: str) -> dict[str, Path]:
    """Return the folder of the sockets of a local server, which the user of the image may use."""
    folder = Path(url.partition("?host=")[2])
    folder.chmod(0o711)
    return {str(folder): folder}
