"""A database of vulnerabilities on this machine, for `uv audit`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@contextmanager
def vulnerabilities(of: str) -> Iterator[str]:
    """Serve a database of vulnerabilities, with one of a package, as OSV does; give its address."""
    known = {"id": "TEST-2026-1", "modified": "2026-11-01T00:00:00Z", "summary": "invented"}

    class Database(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            self.answer({"results": [{"vulns": [known]} if of in json.dumps(query) else {} for query in asked]})

        def do_GET(self) -> None:
            affected = {"package": {"ecosystem": "PyPI", "name": of}, "ranges": [], "versions": []}
            self.answer({**known, "affected": [affected]})

        def answer(self, body: object) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, message: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Database) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
