"""Requests with strict JSON parsing."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute

from . import strict_json


def init_app(app: FastAPI) -> None:
    """Use StrictRoute for routes that are added to the application itself."""
    app.router.route_class = StrictRoute


class StrictRequest(Request):
    """A request that rejects ambiguous JSON."""

    async def json(self) -> Any:
        """Parse the body; raise ValueError if it is not valid JSON."""
        return strict_json.loads(await self.body())


class StrictRoute(APIRoute):
    """A route with strict JSON parsing: pass it to each router, as `APIRouter(route_class=StrictRoute)`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return a handler that passes a StrictRequest to the endpoint."""
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return handle_strictly
