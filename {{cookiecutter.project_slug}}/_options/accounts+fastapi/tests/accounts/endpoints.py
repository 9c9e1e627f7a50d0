"""Endpoints of FastAPI that depend on an account."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from fastapi import Depends, Request, Response

from {{ cookiecutter.package_name }} import identity
from {{ cookiecutter.package_name }}.accounts import dependencies

from ..support.framework import App


def route_reports(app: App, path: str, scope: str) -> None:
    """Add an endpoint that requires a scope and returns the email address of the account."""

    async def read_reports(user: Any) -> str:
        return str(user.email)

    read_reports.__annotations__["user"] = Annotated[Any, Depends(dependencies.scoped(scope))]
    app.add_api_route(path, read_reports)


def route_news(app: App, path: str) -> None:
    """Add an endpoint that returns whether the request is authenticated."""

    async def read_news(user: Any) -> bool:
        return user is not None

    read_news.__annotations__["user"] = dependencies.MaybeUser
    app.add_api_route(path, read_news)


def route_identities(app: App, scope: str) -> None:
    """Add endpoints that return the id of the account: required, optional, and with a scope for a stream."""

    async def read_identity(subject: Any) -> str | None:
        return None if subject is None else str(subject)

    for path, subject in {
        "/required": identity.Subject,
        "/optional": identity.OptionalSubject,
        "/stream": Annotated[str, Depends(identity.stream_subject(scope))],
    }.items():
        read_identity.__annotations__["subject"] = subject
        app.add_api_route(path, read_identity)


def set_request_state(app: App, values: Mapping[str, object]) -> None:
    """Set attributes of `request.state` for each request."""

    async def load(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        for name, value in values.items():
            setattr(request.state, name, value)
        return await call_next(request)

    app.middleware("http")(load)
