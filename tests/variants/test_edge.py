"""Each variant behind its server: what clients are answered around the endpoints, and what is logged of it."""

import json
import shutil
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from tests.support.environments import environment
from tests.support.extension import SECRET_KEY, extended_server, framework_of
from tests.support.server import Server
from tests.support.variants import Variant

pytestmark = pytest.mark.check("edge")

BODY = b'{"name": "lamp", "note": "%s"}' % (b"x" * 2_000_000)


class Answer(NamedTuple):
    """A response as it came, and the line that was logged of its request."""

    status: int
    headers: dict[str, str]
    body: Any
    line: dict[str, Any]


@pytest.fixture(scope="module")
def server(variant: Variant, rendered: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    project = shutil.copytree(rendered, tmp_path_factory.mktemp("edge") / "my-service")
    with extended_server(project, framework_of(variant), python=variant.python) as server:
        yield server


def ask(server: Server, head: str, body: bytes = b"", *, host: str = "127.0.0.1") -> Answer:
    """Send a request byte for byte, its id included, and read the answer to its end."""
    number = uuid4().hex
    lines = [head.splitlines()[0] + " HTTP/1.1", f"Host: {host}", f"X-Request-ID: {number}", "Connection: close"]
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, *head.splitlines()[1:], "", ""]).encode())
        received = b""
        # A server may answer, and close the connection, before it has read all of a body.
        with suppress(OSError):
            connection.sendall(body)
        with suppress(ConnectionResetError):
            while chunk := connection.recv(65536):
                received += chunk
    start, _, content = received.partition(b"\r\n\r\n")
    status_line, *header_lines = start.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in header_lines)
    server.wait_until(lambda: line_of(server, number) is not None)
    return Answer(int(status_line.split()[1]), headers, json.loads(content), line_of(server, number))


def line_of(server: Server, number: str) -> Any:
    """Find the line of a request, which comes after its answer."""
    for line in server.said().splitlines():
        if f'"message":"request","request_id":"{number}"' in line:
            return json.loads(line)
    return None


def chunked(body: bytes) -> bytes:
    pieces = (body[start : start + 65536] for start in range(0, len(body), 65536))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


JSON = "Content-Type: application/json"
THINGS = "/api/v1/things"
ERRORS = {
    "unknown path": ("GET /nowhere", b"", 404, "Not Found", None),
    "wrong method": ("DELETE /livez", b"", 405, "Method Not Allowed", None),
    "malformed JSON": (f"POST {THINGS}\n{JSON}\nContent-Length: 1", b"{", 400, "Bad Request", THINGS),
    "invalid body": (f"POST {THINGS}\n{JSON}\nContent-Length: 2", b"{}", 422, "Unprocessable Content", THINGS),
    "wrong type": (f"POST {THINGS}\nContent-Length: 2", b"{}", 415, "Unsupported Media Type", THINGS),
    "declared": (f"POST {THINGS}\n{JSON}\nContent-Length: {len(BODY)}", BODY, 413, "Content Too Large", None),
    "chunked": (f"POST {THINGS}\n{JSON}\nTransfer-Encoding: chunked", chunked(BODY), 413, "Content Too Large", THINGS),
    "unhandled": (f"GET {THINGS}/crash?token=canary", b"", 500, "Internal Server Error", f"{THINGS}/crash"),
}


@pytest.mark.parametrize(("head", "body", "status", "title", "route"), ERRORS.values(), ids=list(ERRORS))
def test_error_has_a_problem_an_id_headers_and_a_line(
    server: Server, head: str, body: bytes, status: int, title: str, route: str | None
) -> None:
    answer = ask(server, head, body)

    expect_problem(answer, status, title)
    # The route of a method that is not allowed is known to one of the frameworks only.
    assert status == 405 or answer.line["route"] == route
    assert "canary" not in server.said()
    assert "an internal of the service" not in str(answer.body)


def test_untrusted_host_has_a_problem_an_id_headers_and_a_line(server: Server) -> None:
    answer = ask(server, "GET /livez", host="evil.example")

    expect_problem(answer, 400, "Bad Request")


def expect_problem(answer: Answer, status: int, title: str) -> None:
    assert answer.status == answer.line["status"] == answer.body["status"] == status
    assert answer.body["title"] == title
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == answer.line["request_id"] == answer.body["request_id"]
    assert answer.headers["x-frame-options"] == "deny"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.line["client"] == "127.0.0.1"


def test_server_and_service_log_in_one_format(variant: Variant, project: Path) -> None:
    settings = {"ENVIRONMENT": "test", "SECRET_KEY": SECRET_KEY}
    binaries = environment(project, variant.python)

    with Server("python -m my_service serve", folder=project, binaries=binaries, **settings) as server:
        server.get("/livez")
        server.wait_until(lambda: '"route":"/livez"' in server.said())
        lines = [json.loads(line) for line in server.said().splitlines()]

    assert {"uvicorn.error", "my_service.cli.server", "my_service.observability.requests"} <= {
        line["logger"] for line in lines
    }
    assert all({"time", "level", "logger", "message"} <= set(line) for line in lines)
