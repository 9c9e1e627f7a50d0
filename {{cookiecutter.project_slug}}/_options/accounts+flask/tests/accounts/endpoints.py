"""Endpoints of Flask that depend on an account."""

from collections.abc import Mapping

from flask import g

from {{ cookiecutter.package_name }} import identity
from {{ cookiecutter.package_name }}.accounts import dependencies

from ..support.framework import App, operation


def route_reports(app: App, path: str, scope: str) -> None:
    """Add an endpoint that requires a scope and returns the email address of the account."""

    def read_reports() -> str:
        return str(dependencies.active_user().email)

    reader = dependencies.scoped(scope)
    app.add_url_rule(path, view_func=operation(app, read_reports, security=reader))


def route_news(app: App, path: str) -> None:
    """Add an endpoint that returns whether the request is authenticated."""

    def read_news() -> bool:
        return dependencies.maybe_user() is not None

    news = operation(app, read_news, security=dependencies.maybe_user)
    app.add_url_rule(path, view_func=news)


def route_identities(app: App, scope: str) -> None:
    """Add endpoints that return the id of the account: required, optional, and with a scope for a stream."""
    for path, subject in {
        "/required": identity.subject,
        "/optional": identity.optional_subject,
        "/stream": identity.stream_subject(scope),
    }.items():
        app.add_url_rule(path, path, operation(app, subject))


def set_request_state(app: App, values: Mapping[str, object]) -> None:
    """Set attributes of `g` for each request, as Flask's tutorial does."""

    def load() -> None:
        for name, value in values.items():
            setattr(g, name, value)

    app.before_request(load)
