"""Requests whose bodies are read strictly."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute

from . import strict_json


def init_app(app: FastAPI) -> None:
    """Read requests strictly, where a route is the application's own and no router's."""
    app.router.route_class = StrictRoute


class StrictRequest(Request):
    """A request that refuses JSON which could be read in two ways."""

    async def json(self) -> Any:
        """Parse the body."""
        return strict_json.loads(await self.body())


class StrictRoute(APIRoute):
    """A route for `APIRouter(route_class=StrictRoute)`; FastAPI's own lets the last name count."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Hand a strict request on."""
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return handle_strictly
