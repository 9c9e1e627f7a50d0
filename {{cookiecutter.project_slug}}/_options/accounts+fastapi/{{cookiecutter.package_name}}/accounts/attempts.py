"""The attempts of a request: each is counted, and every answer tells how many are left."""

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
    """Count an attempt from the address of a request, or on an account; raise LimitExceeded."""
    limits: Limits = connection.app.state.limits
    address = connection.client.host if connection.client else "unknown"
    hit = partial(limits.hit, action, address=address, account=account)
    headers = await to_thread.run_sync(hit, limiter=connection.app.state.limits_threads)
    connection.state._accounts_attempts_left = headers


class CountedRoute(StrictRoute):
    """A route whose answers, errors as well, tell how many attempts are left where one was counted."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Add the headers to what the endpoint returns or raises."""
        handle = super().get_route_handler()

        async def handle_and_tell(request: Request) -> Response:
            request.state._accounts_attempts_left = {}
            try:
                response = await handle(request)
            except ProblemError as error:
                error.headers = {**request.state._accounts_attempts_left, **error.headers}
                raise
            response.headers.update(request.state._accounts_attempts_left)
            return response

        return handle_and_tell
