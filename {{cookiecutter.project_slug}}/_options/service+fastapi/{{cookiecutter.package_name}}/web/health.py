"""Probes for whatever runs the service: is it alive, is it ready for traffic."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request, Response

from .schemas import Liveness, Outcome, Readiness

logger = logging.getLogger(__name__)

Check = Callable[[], Awaitable[object]]
UNAVAILABLE: dict[int | str, dict[str, Any]] = {503: {"model": Readiness}}


class Checks:
    """Named readiness checks, each with a deadline."""

    def __init__(self) -> None:
        self._checks: dict[str, tuple[Check, float]] = {}
        self._running: asyncio.Task[dict[str, Outcome]] | None = None

    def add(self, name: str, check: Check, *, deadline: float = 2.0) -> None:
        """Register a check: it fails by raising, or by taking more than `deadline` seconds."""
        if name in self._checks:
            raise ValueError(f"there is a readiness check named {name!r} already")
        self._checks[name] = (check, deadline)

    async def run(self) -> dict[str, Outcome]:
        """Run all checks at once; as slow as the longest deadline at most."""
        # Requests that arrive meanwhile share the outcome; one that is cancelled stops nothing.
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await asyncio.shield(self._running)

    async def _run(self) -> dict[str, Outcome]:
        outcomes = await asyncio.gather(*(self._outcome(name) for name in self._checks))
        return dict(zip(self._checks, outcomes, strict=True))

    async def _outcome(self, name: str) -> Outcome:
        check, deadline = self._checks[name]
        expiry = asyncio.timeout(deadline)
        try:
            async with expiry:
                await check()
        except Exception as error:
            # Probes come every few seconds: a line for each, and the traceback for those who ask.
            logger.warning("readiness check %r failed: %r", name, error)
            logger.debug("readiness check %r failed", name, exc_info=error)
            return "timeout" if expiry.expired() else "failed"
        return "ok"


def init_app(app: FastAPI) -> None:
    """Give the application its registry of checks and the probes that ask it."""
    app.state.checks = Checks()
    app.add_api_route("/livez", read_liveness, tags=["health"])
    app.add_api_route("/readyz", read_readiness, tags=["health"], responses=UNAVAILABLE)


def get_checks(app: FastAPI) -> Checks:
    """Return the application's registry, to add a check or to run them."""
    checks: Checks = app.state.checks
    return checks


async def read_liveness() -> Liveness:
    """Answer, and touch nothing: a failing dependency is no reason for a restart."""
    return Liveness()


async def read_readiness(request: Request, response: Response) -> Readiness:
    """Run the checks; 503 while any of them fails, so that traffic goes elsewhere."""
    readiness = Readiness.of(await get_checks(request.app).run())
    if readiness.status != "ok":
        response.status_code = 503
    return readiness
