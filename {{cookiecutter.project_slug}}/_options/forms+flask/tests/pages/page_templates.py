"""The templates of pages."""

from typing import Any

from ..support.framework import App


def get_template(app: App, name: str) -> Any:
    """Return a template as the application loads it."""
    return app.jinja_env.get_template(name)
