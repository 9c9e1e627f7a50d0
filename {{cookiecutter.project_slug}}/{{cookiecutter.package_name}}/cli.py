"""The commands of the service."""

import click
from pydantic import ValidationError

from .config import Settings


@click.group()
def main() -> None:
    """Run the service and look after it."""


@main.command()
def run() -> None:
    """Serve for development: one worker, restarted whenever a file changes."""
    start(reload=True)


@main.command()
def serve() -> None:
    """Serve for production, with as many workers as WORKERS says."""
    start(reload=False)


@main.command()
def check() -> None:
    """Tell whether the settings are fit to start with; exit with 1 where they are not."""
    settings = load_settings()
    click.echo(f"The settings are fit for {settings.environment}.")


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


def start(*, reload: bool) -> None:
    """Start the server, which is imported here because no other command needs it."""
    from .server import serve

    settings = load_settings()
    try:
        serve(settings, reload=reload)
    except OSError as error:
        address = f"{settings.host}:{settings.port}"
        raise click.ClickException(f"cannot listen on {address}: {error.strerror}") from None
