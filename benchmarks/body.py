"""What a body that is far too large costs: it has to be refused before it is held."""

import re
import select
import socket
from collections.abc import Iterator
from contextlib import suppress

from benchmarks.measure import Figure
from benchmarks.memory import forget_peak, peak, resident
from benchmarks.projects import EXTENDED, EXTENDED_MODULE, Project, projects, serve_module
from benchmarks.table import Reach, Row
from tests.support.server import Server

CHUNK = b"a" * 65536
CHUNKS = 800  # of 64 KiB: 50 MiB


def rows(rounds: int) -> Iterator[Row]:
    """Give, for each framework and way to send a body, how often it was refused and by how much the server grew."""
    for project in projects():
        for chunked in (False, True):
            done = [one(project, chunked) for _ in range(rounds)]
            what = f"50 MiB of JSON {'in chunks' if chunked else 'of declared length'} to {project.name}"
            answers = ", ".join(sorted({answer for answer, _ in done}))
            yield Row(
                f"{what}: share answered with 413 (answers: {answers})",
                "",
                Figure.of(float(answer == "413") for answer, _ in done),
                Reach("≥", 1.0),
            )
            yield Row(f"{what}: growth at most", "", Figure.of(growth for _, growth in done), Reach("≤", 2.0), "MiB")


def one(project: Project, chunked: bool) -> tuple[str, float]:
    """Send one body to a server that was just started and asked once; return the answer and the peak growth in MiB."""
    command = serve_module(project.framework, EXTENDED_MODULE[project.framework])
    with project.server(command, PYTHONPATH=str(EXTENDED)) as server:
        for _ in range(20):
            if (answer := post(server, 1, chunked)) != "200":
                raise RuntimeError(f"a small body is answered with {answer}")
        before = resident(server)
        forget_peak(server)
        answer = post(server, CHUNKS, chunked)
        return answer, peak(server) - before


def post(server: Server, chunks: int, chunked: bool) -> str:
    """Send a JSON string of so many times 64 KiB without holding it; return the status, which may come early."""
    length = chunks * len(CHUNK) + 2
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {length}"
    head = (
        f"POST /length HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Type: application/json\r\n{framing}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        # A server that has answered may close: whether it did is seen in what it said.
        with suppress(ConnectionError):
            connection.sendall(head.encode())
            for part in (b'"', *[CHUNK] * chunks, b'"'):
                connection.sendall(b"%x\r\n%b\r\n" % (len(part), part) if chunked else part)
                if select.select([connection], [], [], 0)[0]:
                    break
            else:
                if chunked:
                    connection.sendall(b"0\r\n\r\n")
        return status_of(connection)


def status_of(connection: socket.socket) -> str:
    """Return the status, or what there was instead of it."""
    said = b""
    with suppress(ConnectionError):
        while b"\r\n" not in said and (part := connection.recv(1024)):
            said += part
    match = re.match(rb"HTTP/1\.1 (\d{3})", said)
    return match[1].decode() if match else "closed without an answer"
