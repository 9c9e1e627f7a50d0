"""Flask's views that ask something of accounts."""

from collections.abc import Mapping

from flask import g

from {{ cookiecutter.package_name }}.accounts import dependencies

from ..support.framework import App, operation


def route_reports(app: App, path: str, scope: str) -> None:
    """Let a path need an account with a scope, and send its address."""

    def read_reports() -> str:
        return str(dependencies.active_user().email)

    reader = dependencies.scoped(scope)
    app.add_url_rule(path, view_func=operation(app, read_reports, security=reader))


def route_news(app: App, path: str) -> None:
    """Let a path tell whether it was asked for with an account."""

    def read_news() -> bool:
        return dependencies.maybe_user() is not None

    news = operation(app, read_news, security=dependencies.maybe_user)
    app.add_url_rule(path, view_func=news)


def set_for_each_request(app: App, values: Mapping[str, object]) -> None:
    """Let the application keep values of its own for each request, as Flask's tutorial does."""

    def load() -> None:
        for name, value in values.items():
            setattr(g, name, value)

    app.before_request(load)
