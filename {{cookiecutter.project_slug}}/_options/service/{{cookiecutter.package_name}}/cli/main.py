"""The commands of the service."""

import click

# {% if "accounts" in cookiecutter.__facts %}
from ..accounts.commands import users
# {% endif %}
# {% if "database" in cookiecutter.__facts %}
from ..database.commands import db, upgrade_to_heads
# {% endif %}
# {% if "jobs" in cookiecutter.__facts %}
from ..jobs.commands import jobs
# {% endif %}
# {% if "mail" in cookiecutter.__facts %}
from ..mail.commands import send_test_mail
# {% endif %}
# {% if "posts" in cookiecutter.__facts %}
from ..posts.seed import seed
# {% endif %}
# {% if "celery" in cookiecutter.__facts %}
from .celery_worker import celery_worker
# {% endif %}
from .settings import get_settings, list_settings
# {% if "jobs" in cookiecutter.__facts %}
from .worker import worker
# {% endif %}


@click.group()
def main() -> None:
    """Run and manage the service."""


@main.command()
def run() -> None:
    """Serve for development: one worker that restarts when a file changes."""
    # {% if "database" in cookiecutter.__facts %}
    settings = get_settings()
    if settings.environment == "development":
        upgrade_to_heads(settings)
    # {% endif %}
    start(reload=True)


@main.command()
def serve() -> None:
    """Serve for production, with WORKERS processes."""
    start(reload=False)


@main.command()
def check() -> None:
    """Validate the settings; exit with status 1 if any is invalid."""
    settings = get_settings()
    click.echo(f"Settings are valid for {settings.environment}.")


def start(*, reload: bool) -> None:
    """Start the server, which is imported here because no other command needs it."""
    from . import server

    settings = get_settings()
    try:
        listener = server.listen(settings.host, settings.port)
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on HOST={settings.host} and PORT={settings.port}: {error.strerror}"
        ) from None
    with listener:
        server.serve(settings, listener, reload=reload)


main.add_command(list_settings)
# {% if "database" in cookiecutter.__facts %}
main.add_command(db)
# {% endif %}
# {% if "posts" in cookiecutter.__facts %}
db.add_command(seed)
# {% endif %}
# {% if "accounts" in cookiecutter.__facts %}
main.add_command(users)
# {% endif %}
# {% if "jobs" in cookiecutter.__facts %}
main.add_command(jobs)
main.add_command(worker)
# {% endif %}
# {% if "celery" in cookiecutter.__facts %}
main.add_command(celery_worker)
# {% endif %}
# {% if "mail" in cookiecutter.__facts %}
main.add_command(send_test_mail)
# {% endif %}
