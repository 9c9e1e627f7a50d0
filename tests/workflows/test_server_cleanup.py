"""Servers of tests end with them."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.server import Server

pytestmark = pytest.mark.slow

# Answers every request with an empty JSON object.
SERVICE = """
import http.server, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
# Tells where it listens, and waits; whoever was started in the background may have been told to ignore interrupts.
TEST = """
import signal, time
from pathlib import Path
from tests.workflows.test_server_cleanup import service

signal.signal(signal.SIGINT, signal.default_int_handler)
with service(Path(".")) as server:
    print(server.port, server.process.pid, flush=True)
    time.sleep(60)
"""


def service(folder: Path) -> Server:
    (folder / "service.py").write_text(SERVICE)
    return Server("python3 service.py {port}", folder=folder, binaries=Path(sys.executable).parent)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_server_ends_with_who_started_it(name: str, tmp_path: Path) -> None:
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, "-c", TEST],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": root},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as test:
        assert test.stdout
        port, pid = map(int, test.stdout.readline().split())
        test.send_signal(signal.Signals[name])
        test.wait(timeout=30)

    try:
        deadline = time.monotonic() + 20
        while listens(port):
            assert time.monotonic() < deadline, "the server is still there"
            time.sleep(0.05)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionError:
        return False
    return True


def test_server_that_does_not_serve_is_an_error_with_what_it_said(tmp_path: Path) -> None:
    (tmp_path / "service.py").write_text("raise SystemExit('no')")
    server = Server("python3 service.py", folder=tmp_path, binaries=Path(sys.executable).parent)

    with pytest.raises(AssertionError, match="does not serve:\nno"), server:
        pass
