"""The command `test-mail`."""

from uuid import uuid4

import click

from ..cli.settings import get_settings
from .delivery import MessageRejected, deliver
from .messages import make_message


@click.command("test-mail")
@click.argument("email")
def send_test_mail(email: str) -> None:
    """Send a test message to EMAIL at once, without a job."""
    settings = get_settings()
    try:
        message = make_message(settings, uuid4(), email, "Test message", "mail/templates/test")
        deliver(settings, message)
    except (MessageRejected, OSError, ValueError) as error:
        raise click.ClickException(f"the message was not sent: {error}") from None
    click.echo("The message was sent.")
