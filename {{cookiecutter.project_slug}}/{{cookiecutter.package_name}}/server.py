"""The server that runs the application, in development and in production."""

import gc
import multiprocessing
import os
import socket
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from . import logs
from .config import Settings

# The seconds that requests have to be finished in, once a signal has come.
GRACE = 30
# The server's own lines go where all others go, in their format.
LOGGING = {"formatters": {}, "handlers": {}, "loggers": {"_granian": {"propagate": True}}}


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

    Granian(
        f"{__package__}:create_app",
        factory=True,
        interface=Interfaces("{{ cookiecutter.__gateway }}"),
        address=str(settings.host),
        port=settings.port,
        workers=1 if reload else settings.workers,
        # A worker may also have missed the signal: one of its threads can take it, and the main thread sleeps on.
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
