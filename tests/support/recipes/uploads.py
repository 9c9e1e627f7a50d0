# mypy: ignore-errors
"""Uploads and downloads of the recipe."""

import httpx2
import pytest
from my_service import create_app

from .support.serving import running_server
from .support.settings import SECRET_KEY, IsolatedSettings

# Above the default of MAX_BODY_SIZE.
LIMIT = 2_000_000


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "uploads"


@pytest.fixture
def client(folder):
    settings = IsolatedSettings(
        environment="test", secret_key=SECRET_KEY, root_path="/shop", upload_folder=folder, max_upload_size=LIMIT
    )
    with (
        running_server(served(create_app(settings), settings)) as port,
        httpx2.Client(base_url=f"http://localhost:{port}") as client,
    ):
        yield client


def served(app, settings):
    """Return the application as the server calls it: WSGI in threads."""
    if not hasattr(app, "wsgi_app"):
        return app
    from my_service.cli.wsgi_to_asgi import WsgiToAsgi

    return WsgiToAsgi(app, threads=4, body_limit=settings.body_limit)


def chunks(size):
    for start in range(0, size, 1000):
        yield b"x" * min(1000, size - start)


def test_file_is_stored_and_sent(client, folder):
    for content in (b"first", b"x" * LIMIT, b""):
        stored = client.put("/api/v1/files/a.html", content=content)
        sent = client.get("/api/v1/files/a.html")

        assert (stored.status_code, stored.content) == (204, b"")
        assert (sent.status_code, sent.content) == (200, content)
        assert sent.headers["Content-Type"] == "application/octet-stream"
        assert sent.headers["Content-Disposition"].startswith("attachment;")
        assert sent.headers["X-Content-Type-Options"] == "nosniff"
        assert [path.name for path in folder.iterdir()] == ["a.html"]


def test_body_in_chunks_is_stored(client):
    client.put("/api/v1/files/a", content=chunks(LIMIT))

    assert len(client.get("/api/v1/files/a").content) == LIMIT
    part = client.get("/api/v1/files/a", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, b"x" * 10)


def test_too_large_file_is_rejected_and_leaves_the_old_one(client, folder):
    client.put("/api/v1/files/a", content=b"old")

    for content in (b"x" * (LIMIT + 1), chunks(LIMIT + 1)):
        assert client.put("/api/v1/files/a", content=content).status_code == 413

    assert client.get("/api/v1/files/a").content == b"old"
    assert [path.name for path in folder.iterdir()] == ["a"]


@pytest.mark.parametrize("path", ["/api/v1/files/a", "/shop/api/v1/files/a"])
def test_limit_of_files_is_theirs_only(client, path):
    body = b"x" * (LIMIT // 2 + 100_000)

    assert client.put(path, content=body).status_code == 204
    assert client.put(path.replace("files", "other"), content=body).status_code == 413


@pytest.mark.parametrize("name", [".hidden", "..", "a%2Fb", "%2e%2e%2fa", "a" * 101])
def test_names_cannot_leave_the_folder(client, folder, name):
    assert client.put(f"/api/v1/files/{name}", content=b"x").status_code in (404, 405, 422)
    assert client.get(f"/api/v1/files/{name}").status_code in (404, 422)
    assert not folder.exists() or not list(folder.iterdir())


def test_missing_file_is_not_found(client):
    assert client.get("/api/v1/files/a").status_code == 404
