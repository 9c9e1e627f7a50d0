# mypy: ignore-errors
"""Requests to the upstream service of the recipe, which a server of the test provides."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from my_service import create_app

from .support.framework import client_for


class Upstream(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections = 0
    body = b""
    status = 200

    def setup(self):
        type(self).connections += 1
        super().setup()

    def do_GET(self):
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *arguments):
        """Print nothing."""


@pytest.fixture
def upstream():
    class Handler(Upstream):
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever)
    thread.start()
    Handler.url = f"http://127.0.0.1:{server.server_port}"
    yield Handler
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def upstream_client(upstream, settings, monkeypatch):
    monkeypatch.setattr("my_service.upstream.client.URL", upstream.url)
    with client_for(create_app(settings)) as client:
        yield client


def test_requests_share_a_connection(upstream, upstream_client):
    upstream.body = b'{"status": "ok"}'

    for _ in range(3):
        assert upstream_client.get("/api/v1/upstream").json() == {"status": "ok"}

    assert upstream.connections == 1


@pytest.mark.parametrize(("status", "body"), [(500, b""), (200, b"{}")])
def test_failure_is_a_bad_gateway(upstream, upstream_client, status, body):
    upstream.status, upstream.body = status, body

    response = upstream_client.get("/api/v1/upstream")

    assert response.status_code == 502
    assert response.json()["detail"] == "The upstream service is unavailable."
