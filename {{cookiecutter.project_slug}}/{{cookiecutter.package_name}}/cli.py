"""The commands of the service."""

import click

# {% if cookiecutter.auth == "accounts" %}
from .accounts.commands import users
# {% endif %}
from .command_settings import get_settings
# {% if cookiecutter.database != "none" %}
from .db_commands import db, upgrade_to_head
# {% endif %}
# {% if cookiecutter.__example == "posts" %}
from .posts.seed import seed
# {% endif %}


@click.group()
def main() -> None:
    """Run the service and look after it."""


@main.command()
def run() -> None:
    """Serve for development: one worker, restarted whenever a file changes."""
    # {% if cookiecutter.database != "none" %}
    settings = get_settings()
    if settings.environment == "development":
        upgrade_to_head(settings)
    # {% endif %}
    start(reload=True)


@main.command()
def serve() -> None:
    """Serve for production, with as many workers as WORKERS says."""
    start(reload=False)


@main.command()
def check() -> None:
    """Validate the settings; exit with status 1 if some are invalid."""
    settings = get_settings()
    click.echo(f"The settings are fit for {settings.environment}.")


def start(*, reload: bool) -> None:
    """Start the server, which is imported here because no other command needs it."""
    from .server import serve

    settings = get_settings()
    try:
        serve(settings, reload=reload)
    except OSError as error:
        address = f"{settings.host}:{settings.port}"
        raise click.ClickException(f"cannot listen on {address}: {error.strerror}") from None
# {% if cookiecutter.database != "none" %}


main.add_command(db)
# {% endif %}
# {% if cookiecutter.__example == "posts" %}
db.add_command(seed)
# {% endif %}
# {% if cookiecutter.auth == "accounts" %}
main.add_command(users)
# {% endif %}
