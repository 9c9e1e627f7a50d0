"""The settings as commands want them: fit to start with, or told what is not."""

import click
from pydantic import ValidationError

from .config import Settings


def load_settings() -> Settings:
    """Read the settings; where some are not fit, show a table of all of them and exit with 1."""
    try:
        return Settings()
    except ValidationError as error:
        unfit = [
            (str(problem["loc"][0]).upper(), problem["msg"].removeprefix("Value error, "))
            for problem in error.errors()
        ]
        width = max(len(name) for name, _ in unfit)
        for name, reason in unfit:
            click.echo(f"{name:{width}}  {reason}", err=True)
        raise SystemExit(1) from None
