"""RabbitMQ, the other broker. Debian and Homebrew have it, and no Python package."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.programs import PLACES
from tests.support.server import free_port

SECONDS_TO_START = 60
# Debian's command becomes another user, unlike the script that it runs.
OWN_SCRIPTS = "/usr/lib/rabbitmq/lib"


class RabbitMQ:
    """A server with a folder and ports of its own."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"amqp://127.0.0.1:{self.port}"
        self.resources = ExitStack()

    def __enter__(self) -> Self:
        self.folder = Path(self.resources.enter_context(tempfile.TemporaryDirectory()))
        self.settings = os.environ | {
            "HOME": str(self.folder),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(free_port()),
            "RABBITMQ_NODENAME": "test@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "none"),
            "RABBITMQ_LOG_BASE": str(self.folder),
            "RABBITMQ_LOGS": "-",
        }
        # A node finds the next one by it, and would start one that stays.
        self.names = self.start("epmd")
        self.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()
        self.names.kill()
        self.names.wait()
        self.resources.close()

    def begin(self) -> None:
        """Start the node, and wait until it accepts connections."""
        self.node = self.start(program())
        deadline = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
                return
            except OSError:
                assert self.node.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < deadline, (self.folder / "log").read_text()
                time.sleep(0.1)

    def end(self) -> None:
        self.node.terminate()
        self.node.wait()

    def wipe(self) -> None:
        """Stop the node, delete all that it has, and start it again."""
        self.end()
        shutil.rmtree(self.folder / "data")
        self.begin()

    def start(self, command: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen([command], env=self.settings, stdout=log, stderr=log)


def program() -> str:
    """Return the script that starts a node as the user of the tests."""
    found = sorted(Path(OWN_SCRIPTS).glob("*/sbin/rabbitmq-server"), key=lambda path: re.findall(r"\d+", str(path)))
    return str(found[-1]) if found else str(shutil.which("rabbitmq-server", path=PLACES))
