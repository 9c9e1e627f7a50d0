"""Liveness and readiness probes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request, Response

from .problems import NotReady
from .schemas import CheckResult, Liveness, Readiness

logger = logging.getLogger(__name__)

Check = Callable[[], Awaitable[object]]
UNAVAILABLE: dict[int | str, dict[str, Any]] = {503: {"model": Readiness}}


class Checks:
    """Named readiness checks, each with a deadline."""

    def __init__(self) -> None:
        self._checks: dict[str, tuple[Check, float]] = {}
        self._running: asyncio.Task[dict[str, CheckResult]] | None = None

    def add(self, name: str, check: Check, *, deadline: float = 2.0) -> None:
        """Register a check, which fails if it raises an exception or takes more than `deadline` seconds."""
        if name in self._checks:
            raise ValueError(f"a readiness check named {name!r} is already registered")
        self._checks[name] = (check, deadline)

    async def run(self) -> dict[str, CheckResult]:
        """Run all checks concurrently, and return their results within the longest deadline."""
        # Concurrent requests share one run, and a cancelled request does not cancel it.
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await asyncio.shield(self._running)

    async def _run(self) -> dict[str, CheckResult]:
        results = await asyncio.gather(*(self._result(name) for name in self._checks))
        return dict(zip(self._checks, results, strict=True))

    async def _result(self, name: str) -> CheckResult:
        check, deadline = self._checks[name]
        expiry = asyncio.timeout(deadline)
        try:
            async with expiry:
                await check()
        except Exception as error:
            # Probes are frequent, so the traceback is logged at DEBUG only.
            logger.warning("readiness check %r failed: %r", name, error)
            logger.debug("readiness check %r failed", name, exc_info=error)
            reason = str(error) if isinstance(error, NotReady) else ""
            return CheckResult("timeout" if expiry.expired() else "failed", reason)
        return CheckResult("ok")


def init_app(app: FastAPI) -> None:
    """Add the registry of checks and the probes to the application."""
    app.state.checks = Checks()
    app.add_api_route("/livez", read_liveness, tags=["health"])
    app.add_api_route("/readyz", read_readiness, tags=["health"], responses=UNAVAILABLE)


def get_checks(app: FastAPI) -> Checks:
    """Return the readiness checks of the application."""
    checks: Checks = app.state.checks
    return checks


async def read_liveness() -> Liveness:
    """Respond without any check: a restart would not repair a failing dependency."""
    return Liveness()


async def read_readiness(request: Request, response: Response) -> Readiness:
    """Run the readiness checks, and respond 503 if any of them fails."""
    readiness = Readiness.of(await get_checks(request.app).run())
    if readiness.status != "ok":
        response.status_code = 503
    return readiness
