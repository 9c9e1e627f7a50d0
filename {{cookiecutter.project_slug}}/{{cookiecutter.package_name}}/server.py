"""The server that runs the application, in development and in production."""

import gc
import multiprocessing
import os
import socket
from pathlib import Path
from threading import Event, Thread

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import MPServer

from . import logs
from .config import Settings

# The seconds that requests have to be finished in, once a signal has come.
GRACE = 30
# The seconds after which workers that have not ended are sent the signal again.
REMINDER = 1
# The server's own lines go where all others go, in their format.
LOGGING = {"formatters": {}, "handlers": {}, "loggers": {"_granian": {"propagate": True}}}


class Server(MPServer):
    """Processes that serve, and a parent that ends them.

    A signal can be lost: Python looks for one before its main thread goes to sleep, and one that comes in between
    wakes nobody. So it is sent until all have ended.
    """

    def shutdown(self, exit_code: int = 0) -> None:
        """End all workers."""
        have_ended = Event()
        Thread(target=self.remind, args=[have_ended]).start()
        try:
            super().shutdown(exit_code)  # type: ignore[no-untyped-call]  # the package has types for some
        finally:
            have_ended.set()

    def remind(self, have_ended: Event) -> None:
        """Send the signal again and again, which changes nothing for a worker that is about to end."""
        while not have_ended.wait(REMINDER):
            for worker in self.wrks:
                worker.terminate()  # type: ignore[no-untyped-call]  # as above


def serve(settings: Settings, *, reload: bool) -> None:
    """Serve until a signal ends it; requests in flight are finished first, within GRACE seconds.

    Raises OSError where the address cannot be used: the server itself would share one in use.
    """
    with socket.socket(socket.AF_INET if settings.host.version == 4 else socket.AF_INET6) as probe:
        # As servers do, but without listening: nobody is to be connected to a probe.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, os.name == "posix")
        probe.bind((str(settings.host), settings.port))

    logs.configure(settings)
    if reload:
        # A forked worker would start with the modules of this process, as they were before.
        multiprocessing.set_start_method("spawn")

    # What is loaded by now stays, in the workers as well: to look through it for garbage, again and
    # again, would cost them a tenth of their time.
    gc.collect()
    gc.freeze()

    Server(
        f"{__package__}:create_app",
        factory=True,
        interface=Interfaces("{{ cookiecutter.__gateway }}"),
        address=str(settings.host),
        port=settings.port,
        workers=1 if reload else settings.workers,
        workers_kill_timeout=GRACE,
        # {% if cookiecutter.__gateway == "wsgi" %}
        blocking_threads=4,
        websockets=False,
        # {% endif %}
        log_level=LogLevels(settings.log_level.lower()),
        log_dictconfig=LOGGING,
        reload=reload,
        reload_ignore_worker_failure=reload,
        reload_paths=[Path(__file__).parent],
    ).serve()
