"""FastAPI's endpoints that ask something of accounts."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from fastapi import Depends, Request, Response

from {{ cookiecutter.package_name }}.accounts import dependencies

from ..support.framework import App


def route_reports(app: App, path: str, scope: str) -> None:
    """Let a path need an account with a scope, and send its address."""

    async def read_reports(user: Any) -> str:
        return str(user.email)

    read_reports.__annotations__["user"] = Annotated[Any, Depends(dependencies.scoped(scope))]
    app.add_api_route(path, read_reports)


def route_news(app: App, path: str) -> None:
    """Let a path tell whether it was asked for with an account."""

    async def read_news(user: Any) -> bool:
        return user is not None

    read_news.__annotations__["user"] = dependencies.MaybeUser
    app.add_api_route(path, read_news)


def set_for_each_request(app: App, values: Mapping[str, object]) -> None:
    """Let the application keep values of its own for each request."""

    async def load(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        for name, value in values.items():
            setattr(request.state, name, value)
        return await call_next(request)

    app.middleware("http")(load)
