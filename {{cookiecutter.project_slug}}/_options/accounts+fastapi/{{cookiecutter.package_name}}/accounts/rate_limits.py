"""Apply the rate limits of accounts to requests, and add RateLimit headers to responses."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from anyio import to_thread
from fastapi import Request, Response
from fastapi.requests import HTTPConnection

from ..web.problems import ProblemError
from ..web.requests import StrictRoute
from .limits import Limits


async def count_attempt(
    connection: HTTPConnection, action: str, account: str | None = None
) -> None:
    """Count an attempt for the client address and the account; raise LimitExceeded or LimitsUnavailable."""
    limits: Limits = connection.app.state.limits
    address = connection.client.host if connection.client else "unknown"
    hit = partial(limits.hit, action, address=address, account=account)
    headers = await to_thread.run_sync(hit, limiter=connection.app.state.limits_threads)
    connection.state._accounts_rate_limit_headers = headers


class RateLimitedRoute(StrictRoute):
    """A route that adds RateLimit headers to its responses and errors if an attempt was counted."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return a handler that adds the headers to a response, or to a ProblemError."""
        handle = super().get_route_handler()

        async def handle_with_headers(request: Request) -> Response:
            request.state._accounts_rate_limit_headers = {}
            try:
                response = await handle(request)
            except ProblemError as error:
                error.headers = {**request.state._accounts_rate_limit_headers, **error.headers}
                raise
            response.headers.update(request.state._accounts_rate_limit_headers)
            return response

        return handle_with_headers
