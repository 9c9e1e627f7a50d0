"""Compare the behaviour of servers: `python -m benchmarks.behaviours [asgi|wsgi] [--server NAME] [--row NAME]`.

It prints a table for each interface. Each server runs a bare application with the documented options that help
(`candidates.py`); the servers run one after another, and each check starts a process of its own. A cell is `yes`,
`no` with the observation, a figure, or - if the row does not apply.
"""

import argparse
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import NamedTuple

from benchmarks.candidates import (
    CANDIDATES,
    HEADER_TIMEOUT,
    HTTP2,
    Candidate,
    Interface,
    recorded,
    wait_for_exit,
    wait_for_record,
)
from benchmarks.memory import forget_peak, peak, resident
from benchmarks.raw import Answer, Connection, ask, request
from benchmarks.table import aligned
from tests.support.server import Server

NOT_APPLICABLE = "-"
# The number of concurrent checks of one server: they sleep most of the time.
AT_ONCE = 6
MEBIBYTE = 1024 * 1024


def verdict(good: bool, seen: str) -> str:
    """Return the text of a cell."""
    return f"{'yes' if good else 'no'}: {seen}" if seen else ("yes" if good else "no")


def workers(candidate: Candidate, number: int) -> str | None:
    """Return the options for this number of workers; None if the server has no such option."""
    return "" if number == 1 else candidate.workers or None


# Shutdown on SIGTERM.


def request_in_flight(candidate: Candidate, number: int) -> str:
    """Send SIGTERM during a request that takes five seconds."""
    if (options := workers(candidate, number)) is None:
        return NOT_APPLICABLE
    with candidate.start(options) as server, Connection(server) as connection:
        connection.send(request("GET", "/slow?seconds=5"))
        time.sleep(0.5)
        seconds, answer, code = terminated(server, lambda: connection.answer(8))
        return verdict(answer.status == 200, f"{answer}, {seconds:.1f} s, exit {code}")


def terminated(server: Server, read: Callable[[], Answer], within: float = 12) -> tuple[float, Answer, int | None]:
    """Send SIGTERM, read an answer; return the seconds until the server has ended, the answer and the exit code."""
    started = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    answer = read()
    code = wait_for_exit(server, within)
    return time.monotonic() - started, answer, code


def body_in_flight(candidate: Candidate) -> str:
    """Send SIGTERM after half of a body, and the rest three seconds later."""
    with candidate.start() as server, Connection(server) as connection:
        connection.send(request("POST", "/length", "Content-Length: 10", body=b"01234"))
        time.sleep(0.5)

        def rest() -> Answer:
            time.sleep(3)
            try:
                return connection.send(b"56789").answer(3)
            except OSError:
                return Answer(None, failure="closed before the rest")

        seconds, answer, code = terminated(server, rest)
        return verdict((answer.status, answer.body) == (200, b"10"), f"{answer}, {seconds:.1f} s, exit {code}")


def new_connection(candidate: Candidate, number: int) -> str:
    """Connect from half a second after SIGTERM until connections are refused, while a request is in flight."""
    if (options := workers(candidate, number)) is None:
        return NOT_APPLICABLE
    with candidate.start(options) as server, Connection(server) as connection, ExitStack() as stack:
        connection.send(request("GET", "/slow?seconds=4"))
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        sent = time.monotonic()
        time.sleep(0.5)
        accepted = []
        with suppress(ConnectionRefusedError, ConnectionResetError):
            while time.monotonic() < sent + 3:
                accepted.append(stack.enter_context(Connection(server)).send(request("GET", "/livez")))
                time.sleep(0.1)
        seconds = time.monotonic() - sent
        if connection.answer(5).status != 200:
            return f"{NOT_APPLICABLE} the server has ended"
        if not accepted:
            return verdict(True, "")
        seen = sorted({str(late.answer(5)) for late in accepted})
        return verdict(False, f"accepted for {seconds:.1f} s: {' or '.join(seen)}")


def stream_in_flight(candidate: Candidate) -> str:
    """Send SIGTERM one second after the start of a stream that takes four."""
    with candidate.start() as server, Connection(server) as connection:
        connection.send(request("GET", "/stream?seconds=4"))
        time.sleep(1)
        _, answer, code = terminated(server, lambda: connection.answer(6))
        return verdict(answer.body.endswith(b"end\n"), f"{answer}, exit {code}")


def background_task(candidate: Candidate) -> str:
    """Send SIGTERM 0.3 s after a 202 response whose background task takes three seconds."""
    with candidate.start() as server:
        with Connection(server) as connection:
            answer = connection.send(request("POST", "/later?seconds=3", "Content-Length: 0")).answer(2)
            if answer.status != 202:
                return verdict(False, f"{answer}")
            time.sleep(0.3)
            server.process.send_signal(signal.SIGTERM)
            code = wait_for_exit(server, 10)
        return verdict("finished" in recorded(server), f"exit {code}")


def exit_after_last(candidate: Candidate) -> str:
    """Measure the time from the last response to the exit, with an idle keep-alive connection open."""
    with candidate.start() as server, Connection(server) as idle, Connection(server) as connection:
        idle.send(request("GET", "/livez")).answer(2)
        connection.send(request("GET", "/slow?seconds=2"))
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        answer = connection.answer(5)
        answered = time.monotonic()
        code = wait_for_exit(server, 15)
        seconds = time.monotonic() - answered
        if answer.status != 200:
            return NOT_APPLICABLE
        return verdict(code is not None and seconds <= 1.5, f"{seconds:.1f} s")


def exit_code(candidate: Candidate) -> str:
    """Send SIGTERM to an idle server."""
    with candidate.start() as server:
        server.process.send_signal(signal.SIGTERM)
        code = wait_for_exit(server, 10)
        return verdict(code == 0, f"{code}")


# Slow clients and large requests.


def half_bodies(candidate: Candidate, path: str) -> str:
    """Send a request while 40 others have sent half of their body."""
    return held_up(candidate, request("POST", path, "Content-Length: 10", body=b"01234"), 40)


def half_heads(candidate: Candidate) -> str:
    """Send a request while 40 others have sent half of their head."""
    return held_up(candidate, b"GET /livez HTTP/1.1\r\nHost: 127", 40)


def idle_connections(candidate: Candidate) -> str:
    """Send a request while 200 connections are open that have sent nothing."""
    return held_up(candidate, b"", 200)


def held_up(candidate: Candidate, data: bytes, number: int) -> str:
    with candidate.start() as server, ExitStack() as stack:
        opened(server, data, number, stack)
        time.sleep(0.5)
        answer = ask(server, "/livez")
        return verdict(answer.status == 200, "" if answer.status == 200 else f"{answer}")


def opened(server: Server, data: bytes, number: int, stack: ExitStack) -> list[Connection]:
    """Open connections and send the data on each; stop at the first that the server does not accept in time."""
    connections: list[Connection] = []
    with suppress(TimeoutError):
        while len(connections) < number:
            connections.append(stack.enter_context(Connection(server)).send(data))
    return connections


def half_heads_closed(candidate: Candidate) -> str:
    """Wait up to 35 s until incomplete heads time out: idle ones, and ones that receive a byte every second."""
    with candidate.start() as server, ExitStack() as stack:
        halves = b"GET /livez HTTP/1.1\r\nX-Half: "
        resting = opened(server, halves, 10, stack)
        growing = opened(server, halves, 10, stack)
        started = time.monotonic()
        while (resting or growing) and time.monotonic() < started + 35:
            time.sleep(1)
            resting = [connection for connection in resting if not connection.is_closed()]
            growing = [connection for connection in growing if not has_ended(connection)]
        seconds = time.monotonic() - started
        if not resting and not growing:
            return verdict(True, f"{seconds:.0f} s")
        seen = "those that receive a byte every second stay open" if not resting else "they stay open"
        if HEADER_TIMEOUT in candidate.lacks:
            seen = f"{seen}, no option"
        return verdict(False, seen)


def has_ended(connection: Connection) -> bool:
    """Send one more byte; return whether the server has closed the connection."""
    try:
        connection.send(b"x")
    except OSError:
        return True
    return connection.is_closed()


def memory_of_uploads(candidate: Candidate) -> str:
    """Upload 100 MiB four times at once; return the growth in MiB."""
    piece = b"10000\r\n" + bytes(65536) + b"\r\n"
    with candidate.start() as server, ThreadPoolExecutor() as pool:
        idle = resident(server)
        forget_peak(server)

        def upload(_: int) -> Answer:
            with Connection(server) as connection:
                connection.send(request("POST", "/chunks", "Transfer-Encoding: chunked"))
                connection.socket.settimeout(20)
                try:
                    for _ in range(100 * MEBIBYTE // 65536):
                        connection.socket.sendall(piece)
                    connection.socket.sendall(b"0\r\n\r\n")
                except OSError as error:
                    answer = connection.answer(1)
                    return answer if answer.status else Answer(None, failure=type(error).__name__)
                return connection.answer(20)

        answers = list(pool.map(upload, range(4)))
        growth = f"{peak(server) - idle:.0f} MiB"
        complete = all((answer.status, answer.body) == (200, b"104857600") for answer in answers)
        return growth if complete else verdict(False, f"{growth}, {', '.join(sorted(set(map(described, answers))))}")


def described(answer: Answer) -> str:
    return f"{answer} of {answer.body[:40].decode('latin-1')!r}" if answer.status == 200 else str(answer)


def idle_memory(candidate: Candidate) -> str:
    """Return the resident memory of one worker and all other processes."""
    with candidate.start() as server:
        ask(server, "/livez")
        return f"{resident(server):.0f} MiB"


# Parsing of requests.

CHUNKED = "Transfer-Encoding: chunked"
HALVES = {
    "bad chunk": request("POST", "/length", CHUNKED, body=b"5\r\nhello\r\nZZ\r\nworld\r\n0\r\n\r\n"),
    "no last chunk": request("POST", "/length", CHUNKED, body=b"5\r\nhello\r\n"),
    "reset": request("POST", "/length", CHUNKED, body=b"5\r\nhello\r\n"),
}


def chunked_body(candidate: Candidate) -> str:
    """Send a chunked body; the view returns its length."""
    with candidate.start() as server, Connection(server) as connection:
        connection.send(request("POST", "/length", CHUNKED, body=b"5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n"))
        answer = connection.answer(3)
        return verdict((answer.status, answer.body) == (200, b"10"), "" if answer.body == b"10" else described(answer))


def broken_chunks(candidate: Candidate) -> str:
    """Send malformed chunks, and bodies without the last chunk."""
    seen = {name: given(candidate, data, name == "reset") for name, data in HALVES.items()}
    wrong = [f"{name}: {what}" for name, what in seen.items() if what.startswith("complete")]
    return verdict(not wrong, "; ".join(wrong))


def short_body(candidate: Candidate) -> str:
    """Send fewer bytes than Content-Length, then close or reset the connection."""
    data = request("POST", "/length", "Content-Length: 10", body=b"01234")
    seen = {name: given(candidate, data, name == "reset") for name in ("closed", "reset")}
    wrong = [f"{name}: {what}" for name, what in seen.items() if what.startswith("complete")]
    return verdict(not wrong, "; ".join(wrong))


def given(candidate: Candidate, data: bytes, reset: bool) -> str:
    """Send a request and disconnect; return the body that the view has recorded."""
    with candidate.start() as server:
        with Connection(server) as connection:
            connection.send(data)
            time.sleep(0.5)
            if reset:
                connection.reset()
        time.sleep(1)
        return ", ".join(recorded(server))


def underscores(candidate: Candidate) -> str:
    """Send a header with hyphens and one with underscores, in both orders; the view returns the environ's value."""
    with candidate.start() as server:
        seen = []
        for name in ("X-Forwarded-For", "X-User"):
            headers = f"{name}: 1.1.1.1", f"{name.replace('-', '_')}: 2.2.2.2"
            for ordered in (headers, headers[::-1]):
                with Connection(server) as connection:
                    answer = connection.send(request("GET", f"/header?name={name}", *ordered)).answer(2)
                seen.append(answer.body.decode("latin-1") if answer.status == 200 else str(answer))
        held = " or ".join(map(repr, sorted(set(seen))))
        return verdict("2.2.2.2" not in held, held)


def two_hosts(candidate: Candidate) -> str:
    """Send two Host headers."""
    with candidate.start() as server, Connection(server) as connection:
        connection.send(request("GET", "/header?name=host", "Host: a.example", "Host: b.example"))
        answer = connection.answer(2)
        refused = answer.status is not None and 400 <= answer.status < 500
        return verdict(refused, str(answer) if refused else f"{answer}, {answer.body.decode('latin-1')!r}")


def large_heads(candidate: Candidate) -> str:
    """Send 120,000 header lines, and a header of 1 MiB."""
    heads = {
        "120,000 lines": request("GET", "/livez", *["a: b"] * 120_000),
        "1 MB": request("GET", "/livez", f"a: {'b' * MEBIBYTE}"),
    }
    good, seen = True, []
    for name, head in heads.items():
        with candidate.start() as server, Connection(server) as connection:
            started = time.monotonic()
            connection.send_until_answered(head, 4)
            answer = connection.answer(4)
            seconds = time.monotonic() - started
            # The end of a refusal may be lost: the server closes the connection with input that it has not read.
            good &= str(answer).startswith("4") and seconds <= 2
            seen.append(f"{name}: {answer} in {seconds:.1f} s")
    return verdict(good, "; ".join(seen))


def no_http2(candidate: Candidate) -> str:
    """Send the HTTP/2 preface with prior knowledge."""
    with candidate.start() as server, Connection(server) as connection:
        connection.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00")
        data = connection.read(2)
        settings = data[3:4] == b"\x04" and not data.startswith(b"HTTP/")
        seen = "answered in HTTP/2" if settings else ""
        if settings and HTTP2 in candidate.lacks:
            seen += ", no option"
        return verdict(not settings, seen)


def late_body(candidate: Candidate) -> str:
    """Send a body after the 404 response to its head, then another request."""
    with candidate.start() as server, Connection(server) as connection:
        first = connection.send(request("POST", "/nothing", "Content-Length: 10")).answer(2)
        if first.status != 404:
            return verdict(False, f"{first} before the body")
        time.sleep(0.3)
        try:
            second = connection.send(b"0123456789").send(request("GET", "/livez")).answer(2)
        except OSError:
            second = Answer(None, failure="closed")
        return verdict(second.status == 200, "" if second.status == 200 else str(second))


def expect_continue(candidate: Candidate) -> str:
    """Send a body after 100 Continue."""
    with candidate.start() as server, Connection(server) as connection:
        connection.send(request("POST", "/length", "Content-Length: 10", "Expect: 100-continue"))
        interim = connection.read(2)
        answer = connection.send(b"0123456789").answer(2)
        good = interim.startswith(b"HTTP/1.1 100") and answer.body == b"10"
        return verdict(good, "" if good else f"{interim[:20]!r}, then {answer}")


def leaving(candidate: Candidate) -> str:
    """Disconnect during a stream; wait until its generator is closed."""
    with candidate.start() as server:
        with Connection(server) as connection:
            connection.send(request("GET", "/stream?seconds=60"))
            begun = wait_for_record(server, "begin", 2)
            time.sleep(1)
        left = time.monotonic()
        ended = wait_for_record(server, "end", 5)
        return verdict(
            begun and ended, f"after {time.monotonic() - left:.1f} s" if ended else "still running after 5 s"
        )


# Development and operation.


def own_log(candidate: Candidate) -> str:
    """Configure the server's log with a custom format."""
    if candidate.logging == "app":
        context = candidate.start(LOGGING="logging.json")
    else:
        context = candidate.start(candidate.logging)
    with context as server:
        ask(server, "/livez")
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        wait_for_exit(server, 5)
        lines = [line for line in server.said().splitlines() if line.strip()]
        other = [line for line in lines if not line.startswith("OWN ")]
        if not lines:
            return verdict(False, "nothing was logged")
        requests = "" if any("/livez" in line for line in lines) else "without requests"
        return verdict(not other, f"{other[0][:60]!r}" if other else requests)


def reloading(candidate: Candidate) -> str:
    """Change a module while a stream is open; return the seconds until the new code responds."""
    if not candidate.reload:
        return NOT_APPLICABLE
    with candidate.start(candidate.reload) as server, Connection(server) as connection:
        time.sleep(2)  # the watch has to have begun
        connection.send(request("GET", "/stream?seconds=60"))
        time.sleep(0.5)
        for path in server.folder.glob("behaving_*.py"):
            path.write_text(path.read_text().replace('VERSION = "1"', 'VERSION = "200"'))
        changed = time.monotonic()
        while time.monotonic() < changed + 25:
            if b'"200"' in ask(server, "/livez").body:
                return f"{time.monotonic() - changed:.1f} s"
            time.sleep(0.05)
        return verdict(False, "old code after 25 s")


def windows(candidate: Candidate) -> str:
    """Return the statement of the package's documentation."""
    return candidate.windows


class Behaviour(NamedTuple):
    """A row of the table: its name, its title, and the check that returns the cell of a server."""

    name: str
    title: str
    check: Callable[[Candidate], str]
    interfaces: tuple[Interface, ...] = ("asgi", "wsgi")


BEHAVIOURS = [
    Behaviour("in-flight", "SIGTERM: a request of 5 s is answered", lambda server: request_in_flight(server, 1)),
    Behaviour("in-flight-2", "the same with 2 workers", lambda server: request_in_flight(server, 2)),
    Behaviour("body-in-flight", "SIGTERM: a body whose rest comes 3 s later is answered", body_in_flight),
    Behaviour("refused", "SIGTERM: new connections are refused at once", lambda server: new_connection(server, 1)),
    Behaviour("refused-2", "the same with 2 workers", lambda server: new_connection(server, 2)),
    Behaviour("stream-in-flight", "SIGTERM: a stream of 4 s is completed", stream_in_flight),
    Behaviour("background", "SIGTERM: a background task of 3 s is completed", background_task, ("asgi",)),
    Behaviour("exit", "SIGTERM: exits within 1.5 s of the last response, beside an idle connection", exit_after_last),
    Behaviour("exit-code", "SIGTERM: exit code is 0", exit_code),
    Behaviour("half-bodies", "responds beside 40 half-sent bodies", lambda server: half_bodies(server, "/length")),
    Behaviour("half-bodies-404", "the same, of an unknown path", lambda server: half_bodies(server, "/nothing")),
    Behaviour("half-heads", "responds beside 40 half-sent heads", half_heads),
    Behaviour("half-heads-closed", "half-sent heads are closed within 35 s", half_heads_closed),
    Behaviour("idle", "responds beside 200 idle connections", idle_connections),
    Behaviour("chunked", "a chunked body is read", chunked_body),
    Behaviour("broken-chunks", "broken chunked bodies are not taken for complete ones", broken_chunks),
    Behaviour("short-body", "a body shorter than Content-Length is not taken for complete", short_body),
    Behaviour("underscores", "X_Forwarded_For is not taken for X-Forwarded-For", underscores, ("wsgi",)),
    Behaviour("two-hosts", "two Host headers are refused", two_hosts),
    Behaviour("large-heads", "large heads are refused within 2 s", large_heads),
    Behaviour("no-http2", "cleartext HTTP/2 is off", no_http2),
    Behaviour("late-body", "a body after an early 404 leaves the connection usable", late_body),
    Behaviour("expect", "Expect: 100-continue is honoured", expect_continue),
    Behaviour("leaving", "a client that leaves ends the stream's generator", leaving),
    Behaviour("own-log", "logs through logging, in a custom format", own_log),
    Behaviour("reload", "reload on change while a stream is open", reloading),
    Behaviour("windows", "runs on Windows", windows),
]
# These take longest and start first: the others run in the meantime.
LONGEST = half_heads_closed, reloading
# These measure, and run alone.
FIGURES = [
    Behaviour("uploads", "growth by 4 chunked uploads of 100 MiB", memory_of_uploads),
    Behaviour("memory", "resident when idle, 1 worker", idle_memory),
]


def main() -> int:
    """Print the tables; return 1 if a check itself failed."""
    arguments = parse()
    failed = False
    for interface, candidates in CANDIDATES.items():
        if arguments.interface not in (None, interface):
            continue
        chosen = [candidate for candidate in candidates if arguments.server in (None, candidate.name)]
        rows = [row for row in [*BEHAVIOURS, *FIGURES] if interface in row.interfaces]
        rows = [row for row in rows if arguments.row in (None, row.name)]
        if not chosen or not rows:
            continue
        started = time.monotonic()
        columns = [column(candidate, rows) for candidate in chosen]
        failed |= any(cell.startswith("?") for cells in columns for cell in cells)
        lines = [[f"{interface}", "row", *(candidate.name for candidate in chosen)]]
        lines += [[row.title, row.name, *cells] for row, *cells in zip(rows, *columns, strict=True)]
        print(f"{aligned(lines)}\n\n{time.monotonic() - started:.0f} s\n", flush=True)
    return int(failed)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.behaviours", description="Compare servers.")
    parser.add_argument("interface", nargs="?", choices=CANDIDATES, help="both without")
    names = dict.fromkeys(candidate.name for candidates in CANDIDATES.values() for candidate in candidates)
    parser.add_argument("--server", choices=names, help="all without")
    parser.add_argument("--row", choices=[row.name for row in [*BEHAVIOURS, *FIGURES]], help="all without")
    return parser.parse_args()


def column(candidate: Candidate, rows: list[Behaviour]) -> list[str]:
    """Check all rows of a server; the figures last, one at a time."""
    ordered = sorted((row for row in rows if row in BEHAVIOURS), key=lambda row: row.check not in LONGEST)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        cells = {row.name: pool.submit(cell, row, candidate) for row in ordered}
    return [cells[row.name].result() if row.name in cells else cell(row, candidate) for row in rows]


def cell(row: Behaviour, candidate: Candidate) -> str:
    """Check one row; the cell of a check that failed itself begins with a question mark."""
    if sys.stderr.isatty():
        print(f"{candidate.name}: {row.name} …", file=sys.stderr)
    try:
        return row.check(candidate)
    except Exception as error:
        return f"? {type(error).__name__}: {' '.join(str(error).split())[:200]}"


if __name__ == "__main__":
    sys.exit(main())
