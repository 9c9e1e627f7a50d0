"""The templates of pages."""

from typing import Any

from ..support.framework import App


def get_template(app: App, name: str) -> Any:
    """Return a template as the application loads it."""
    return app.state.templates.env.get_template(name)
