"""Server of the commands `run` and `serve`: uvicorn, with one or more processes."""

import gc
import logging
import multiprocessing
import os
import signal
import socket
import sys
import time
from pathlib import Path
from threading import Thread, Timer
from typing import Any, NoReturn

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import ChangeReload, Multiprocess

from .. import create_app
from ..config import Settings
from ..observability import logs
# {% if "prometheus" in cookiecutter.__facts %}
from ..observability.metrics import share_between_workers
# {% endif %}
from .http_protocol import Config, HttpProtocol
# {% if "flask" in cookiecutter.__facts %}
from .wsgi_to_asgi import WsgiToAsgi
# {% endif %}

logger = logging.getLogger(__name__)

# Seconds; longer than the usual 60 of proxies, so that the proxy closes idle connections first.
KEEP_ALIVE = 65
# Seconds until an unresponsive worker is killed; on a busy machine, its imports alone are slow.
HEALTHCHECK_TIMEOUT = 60
# Seconds; in development, an open stream must not delay the reload.
RELOAD_GRACE_PERIOD = 0.5
# Seconds after the grace period until a process is killed, because threads cannot be cancelled.
KILL_DELAY = 1


class Server(uvicorn.Server):
    """A process that serves requests until it receives a signal."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish requests in flight and their background tasks, within the grace period."""
        timer = Timer((self.config.timeout_graceful_shutdown or 0) + KILL_DELAY, os._exit, [1])
        timer.daemon = True
        timer.start()
        await super().shutdown(sockets)


class Workers(Multiprocess):
    """A supervisor of worker processes, which restarts those that exit."""

    def terminate_all(self) -> None:
        """Close the listener first, so that new connections are rejected while requests are finished."""
        for listener in self.sockets:
            listener.close()
        super().terminate_all()

    def join_all(self) -> None:
        """Wait for all workers; kill those that exceed the grace period."""
        deadline = time.monotonic() + (self.config.timeout_graceful_shutdown or 0) + KILL_DELAY
        for worker in self.processes:
            worker.process.join(max(0, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.kill()
        super().join_all()


def serve(settings: Settings, listener: socket.socket, *, reload: bool) -> None:
    """Serve until SIGTERM or SIGINT; requests in flight are finished within the grace period."""
    logs.configure(settings)
    # {% if "prometheus" in cookiecutter.__facts %}
    if not reload:
        share_between_workers(settings.workers)
    # {% endif %}
    config = Config(
        f"{__name__}:create_worker_app",
        factory=True,
        interface="asgi3",
        http=HttpProtocol,
        # {% if "flask" in cookiecutter.__facts %}
        lifespan="off",
        ws="none",
        # {% endif %}
        # {% if "fastapi" in cookiecutter.__facts %}
        ws_max_size=settings.max_body_size,
        # {% endif %}
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        workers=1 if reload else settings.workers,
        reload=reload,
        reload_dirs=[str(Path(__file__).parents[1])] if reload else None,
        limit_concurrency=settings.max_connections,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_worker_healthcheck=HEALTHCHECK_TIMEOUT,
        timeout_graceful_shutdown=RELOAD_GRACE_PERIOD if reload else settings.grace_period,  # type: ignore[arg-type]  # a float works
    )
    config.request_timeout = settings.request_timeout
    for number in (signal.SIGINT, signal.SIGTERM):
        # uvicorn raises the signal again after its shutdown.
        signal.signal(number, exit_successfully)
    logger.info("listening on http://%s:%s", settings.host, settings.port)
    if reload:
        ChangeReload(config, Server(config).run, [listener]).run()
    elif settings.workers == 1:
        Server(config).run([listener])
    else:
        workers = Workers(config, [listener])
        workers.run()
        if any(worker.exitcode == STARTUP_FAILURE for worker in workers.processes):
            sys.exit(STARTUP_FAILURE)


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; `::` accepts IPv4 as well."""
    if ":" not in host:
        return socket.create_server((host, port))
    is_any = host == "::" and socket.has_dualstack_ipv6()
    return socket.create_server((host, port), family=socket.AF_INET6, dualstack_ipv6=is_any)


def exit_successfully(*signal_and_frame: object) -> NoReturn:
    """Exit with status 0."""
    sys.exit(0)


def create_worker_app() -> Any:
    """Build the application that a process serves; log an error and exit, because a restart would not help."""
    Thread(target=stop_with_parent, daemon=True).start()
    try:
        # {% if "flask" in cookiecutter.__facts %}
        settings = Settings()
        app = WsgiToAsgi(
            create_app(settings), threads=settings.threads, body_limit=settings.body_limit
        )
        # {% endif %}
        # {% if "fastapi" in cookiecutter.__facts %}
        app = create_app()
        # {% endif %}
    except Exception:
        logger.exception("the application could not be built")
        sys.exit(STARTUP_FAILURE)
    # Exclude all objects that are loaded by now from garbage collection: they live as long as the process.
    gc.collect()
    gc.freeze()
    return app


def stop_with_parent() -> None:
    """Stop this process after its parent has died, for example by SIGKILL."""
    if parent := multiprocessing.parent_process():
        parent.join()
        signal.raise_signal(signal.SIGTERM)
