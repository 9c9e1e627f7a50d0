"""Liveness and readiness probes."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from http import HTTPStatus
from threading import Lock, Thread
from time import monotonic

from flask import Blueprint, Flask, current_app

from .operations import operation
from .problems import NotReady
from .schemas import CheckResult, Liveness, Readiness

logger = logging.getLogger(__name__)
bp = Blueprint("health", __name__)

Check = Callable[[], object]


class Checks:
    """Named readiness checks, each with a deadline."""

    def __init__(self) -> None:
        self._checks: dict[str, tuple[Check, float]] = {}
        self._running: dict[str, Future[object]] = {}
        self._starting = Lock()

    def add(self, name: str, check: Check, *, deadline: float = 2.0) -> None:
        """Register a check, which fails if it raises an exception or takes more than `deadline` seconds."""
        if name in self._checks:
            raise ValueError(f"a readiness check named {name!r} is already registered")
        self._checks[name] = (check, deadline)

    def run(self) -> dict[str, CheckResult]:
        """Run all checks concurrently, and return their results within the longest deadline."""
        started = monotonic()
        running = {name: self._start(name) for name in self._checks}
        return {name: self._result(name, running[name], started) for name in self._checks}

    def _start(self, name: str) -> Future[object]:
        """Start a check in a thread, unless it is still running: a thread that hangs cannot be stopped."""
        with self._starting:
            running = self._running.get(name)
            if running is None or running.done():
                running = self._running[name] = Future()
                check, _ = self._checks[name]
                Thread(target=_resolve, args=(running, check), daemon=True).start()
        return running

    def _result(self, name: str, running: Future[object], started: float) -> CheckResult:
        _, deadline = self._checks[name]
        try:
            error = running.exception(timeout=max(0, started + deadline - monotonic()))
        except TimeoutError:
            logger.warning("readiness check %r took more than %s s", name, deadline)
            return CheckResult("timeout")
        if error:
            # Probes are frequent, so the traceback is logged at DEBUG only.
            logger.warning("readiness check %r failed: %r", name, error)
            logger.debug("readiness check %r failed", name, exc_info=error)
            return CheckResult("failed", str(error) if isinstance(error, NotReady) else "")
        return CheckResult("ok")


def _resolve(running: Future[object], check: Check) -> None:
    try:
        running.set_result(check())
    except Exception as error:
        running.set_exception(error)


def init_app(app: Flask) -> None:
    """Add the registry of checks and the probes to the application."""
    app.extensions["checks"] = Checks()
    app.register_blueprint(bp)


def get_checks(app: Flask) -> Checks:
    """Return the readiness checks of the application."""
    checks: Checks = app.extensions["checks"]
    return checks


@bp.get("/livez")
@operation()
def read_liveness() -> Liveness:
    """Respond without any check: a restart would not repair a failing dependency."""
    return Liveness()


@bp.get("/readyz")
@operation(responses={HTTPStatus.SERVICE_UNAVAILABLE: Readiness})
def read_readiness() -> tuple[Readiness, int]:
    """Run the readiness checks, and respond 503 if any of them fails."""
    readiness = Readiness.of(get_checks(current_app).run())
    return readiness, 200 if readiness.status == "ok" else 503
