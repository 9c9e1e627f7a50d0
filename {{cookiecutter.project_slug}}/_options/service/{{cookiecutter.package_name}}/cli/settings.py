"""The settings of commands."""

import click
from pydantic import ValidationError

from ..config import Settings
from ..observability import logs


def get_settings() -> Settings:
    """Return the settings of the application that the command hangs on, or read them once, and configure the log.

    An application, or a test, passes them as the `obj` of click's context.
    """
    context = click.get_current_context()
    settings = context.find_object(Settings)
    if settings is None:
        settings = context.obj = load_settings()
    logs.configure(settings)
    return settings


def load_settings() -> Settings:
    """Read the settings from the environment; if some are invalid, print all of them and exit with status 1."""
    try:
        return Settings()
    except ValidationError as error:
        invalid = [
            (str(problem["loc"][0]).upper(), problem["msg"].removeprefix("Value error, "))
            for problem in error.errors()
        ]
        width = max(len(name) for name, _ in invalid)
        for name, reason in invalid:
            click.echo(f"{name:{width}}  {reason}", err=True)
        raise SystemExit(1) from None
