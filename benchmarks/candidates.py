"""The servers whose behaviours are compared, with the documented options that help."""

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import copy
from threading import Lock
from typing import Literal, NamedTuple

from benchmarks.projects import GUNICORN, PYTHON, UVICORN
from tests.support.environments import environment
from tests.support.server import Server

Interface = Literal["asgi", "wsgi"]
REQUIREMENTS = (
    UVICORN,
    GUNICORN,
    "waitress>=3,<4",
    "hypercorn>=0.18,<0.19",
    "granian[reload]>=2.8,<3",
    "a2wsgi>=1.10,<2",
    "asgiref>=3.13,<4",
    "starlette>=1.10,<2",
    "flask>=3.1,<3.2",
)
BARE = Path(__file__).parent / "bare"
# One custom format for the loggers of all servers.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"own": {"format": "OWN %(name)s %(levelname)s %(message)s"}},
    "handlers": {"own": {"class": "logging.StreamHandler", "formatter": "own"}},
    "root": {"level": "INFO", "handlers": ["own"]},
    "loggers": {
        name: {"level": "INFO", "handlers": [], "propagate": True}
        for name in ("gunicorn.error", "gunicorn.access", "_granian", "granian.access", "uvicorn", "uvicorn.access")
    },
}
LOCK = Lock()


class Candidate(NamedTuple):
    """A server with its options, and the additional ones for two workers, for reloading and for a custom log format.

    `lacks` names protections for which it has no option; `windows` is the statement of its documentation.
    """

    name: str
    command: str
    workers: str = ""
    reload: str = ""
    logging: str = ""
    lacks: tuple[str, ...] = ()
    windows: str = ""

    @contextmanager
    def start(self, options: str = "", **settings: str) -> Iterator[Server]:
        """Serve a copy of the application; kill the remaining processes at the end."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for path in BARE.glob("behaving_*.py"):
                copy(path, folder)
            (folder / "logging.json").write_text(json.dumps(LOGGING), encoding="utf-8")
            command, _, app = self.command.rpartition(" ")
            settings |= {"RECORD": str(folder / "record"), "PYTHONDONTWRITEBYTECODE": "1"}
            with LOCK:  # free ports come from a generator
                server = Server(f"{command} {options} {app}", folder=folder, binaries=binaries(), **settings)
            with server:
                try:
                    yield server
                finally:
                    with suppress(ProcessLookupError):
                        os.killpg(server.process.pid, signal.SIGKILL)
                    server.process.wait()


def binaries() -> Path:
    """Return the folder with the commands of all servers."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pyproject.toml").write_text(
            "[project]\ndependencies = []\n[dependency-groups]\ndev = []\n", encoding="utf-8"
        )
        return environment(Path(folder), PYTHON, *REQUIREMENTS)


def recorded(server: Server) -> list[str]:
    """Return the lines that the views have recorded."""
    path = server.folder / "record"
    return path.read_text().splitlines() if path.exists() else []


def wait_for_record(server: Server, line: str, within: float) -> bool:
    """Wait until a view has recorded this line."""
    deadline = time.monotonic() + within
    while line not in recorded(server):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def wait_for_exit(server: Server, within: float) -> int | None:
    """Return the exit code; None if it still runs."""
    try:
        return server.process.wait(timeout=within)
    except subprocess.TimeoutExpired:
        return None


WORKERS = "--workers 2"
# In development, an open stream must not delay a restart by the grace period of production.
RELOAD = "--reload --graceful-timeout 1"  # gunicorn and hypercorn
UVICORN_RELOAD = "--reload --timeout-graceful-shutdown 1"
GRANIAN_RELOAD = "--reload --workers-kill-timeout 1"
HEADER_TIMEOUT = "timeout for the head of a request"
HTTP2 = "switch for HTTP/2"

UVICORN_COMMAND = "uvicorn --port {port} --timeout-graceful-shutdown 20 --timeout-keep-alive 5"
UVICORN_LOGGING = "--log-config logging.json"
# All would share the control socket.
GUNICORN_COMMAND = (
    "gunicorn --bind 127.0.0.1:{port} --no-control-socket --graceful-timeout 20 --timeout 30 --keep-alive 5 "
    "--header-map drop"
)
GUNICORN_LOGGING = "--log-config-json logging.json --access-logfile -"
HYPERCORN_COMMAND = "hypercorn --bind 127.0.0.1:{port} --graceful-timeout 20 --keep-alive 5"
HYPERCORN_LOGGING = "--log-config json:logging.json --access-logfile -"
GRANIAN_COMMAND = (
    "granian --port {port} --http 1 --no-ws --workers-kill-timeout 20 --http1-header-read-timeout 20000 "
    "--http1-buffer-size 65536"
)
GRANIAN_LOGGING = "--log-config logging.json --access-log"
WAITRESS_COMMAND = (
    "waitress-serve --listen=127.0.0.1:{port} --threads=8 --connection-limit=1000 --asyncore-use-poll "
    "--channel-timeout=20 --cleanup-interval=5 --max-request-header-size=65536"
)

OS_INDEPENDENT = "yes: its classifier is OS Independent"
CANDIDATES: dict[Interface, list[Candidate]] = {
    "asgi": [
        *(
            Candidate(
                f"uvicorn {http}",
                f"{UVICORN_COMMAND} --http {http} behaving_asgi:app",
                WORKERS,
                UVICORN_RELOAD,
                UVICORN_LOGGING,
                (HEADER_TIMEOUT,),
                OS_INDEPENDENT,
            )
            for http in ("httptools", "h11")
        ),
        Candidate(
            "hypercorn",
            f"{HYPERCORN_COMMAND} behaving_asgi:app",
            WORKERS,
            RELOAD,
            HYPERCORN_LOGGING,
            (HTTP2,),
            OS_INDEPENDENT,
        ),
        Candidate(
            "gunicorn asgi",
            f"{GUNICORN_COMMAND} --worker-class asgi behaving_asgi:app",
            WORKERS,
            RELOAD,
            GUNICORN_LOGGING,
            (HEADER_TIMEOUT,),
            "no: its classifiers are POSIX and macOS",
        ),
        Candidate(
            "granian",
            f"{GRANIAN_COMMAND} --interface asgi behaving_asgi:app",
            WORKERS,
            GRANIAN_RELOAD,
            GRANIAN_LOGGING,
            windows="yes: its classifiers say so; with one worker",
        ),
    ],
    "wsgi": [
        Candidate(
            "gunicorn gthread",
            f"{GUNICORN_COMMAND} --worker-class gthread --threads 8 behaving_wsgi:app",
            WORKERS,
            RELOAD,
            GUNICORN_LOGGING,
            (HEADER_TIMEOUT,),
            "no: its classifiers are POSIX and macOS",
        ),
        Candidate(
            "waitress",
            f"{WAITRESS_COMMAND} behaving_wsgi:app",
            logging="app",
            windows="yes: its documentation says Unix and Windows",
        ),
        Candidate(
            "hypercorn",
            f"{HYPERCORN_COMMAND} wsgi:behaving_wsgi:app",
            WORKERS,
            RELOAD,
            HYPERCORN_LOGGING,
            (HTTP2,),
            OS_INDEPENDENT,
        ),
        Candidate(
            "granian",
            f"{GRANIAN_COMMAND} --interface wsgi --blocking-threads 4 behaving_wsgi:app",
            WORKERS,
            GRANIAN_RELOAD,
            GRANIAN_LOGGING,
            windows="yes: its classifiers say so; with one worker",
        ),
        *(
            Candidate(
                f"uvicorn {adapter}",
                f"{UVICORN_COMMAND} --http httptools --factory behaving_wsgi:through_{adapter}",
                WORKERS,
                UVICORN_RELOAD,
                UVICORN_LOGGING,
                (HEADER_TIMEOUT,),
                OS_INDEPENDENT,
            )
            for adapter in ("a2wsgi", "asgiref")
        ),
    ],
}
