"""Security audit log: events without secrets and without e-mail addresses."""

import logging
import os
from contextlib import suppress
from getpass import getuser
from importlib import import_module

import click

logger = logging.getLogger(__name__)

# The key of the operator in the `meta` of click's context, which nested contexts share.
OPERATOR = f"{__name__}.operator"


def log_event(event: str, **extra: object) -> None:
    """Log a security event, in a command with the command and its operator; fields that are None are omitted."""
    known = {name: value for name, value in extra.items() if value is not None}
    logger.info("security", extra={"event": event, **known, **operator()})


def record_operator() -> None:
    """Record the operator for the events of the current command; commands that start a server do not."""
    click.get_current_context().meta[OPERATOR] = system_user()


def operator() -> dict[str, str]:
    """Return the current command and its operator; nothing in a request."""
    context = click.get_current_context(silent=True)
    # Servers run in a click context as well, that of `serve` or their own.
    if context is None or OPERATOR not in context.meta:
        return {}
    return {"command": context.command_path, "operator": context.meta[OPERATOR]}


def system_user() -> str:
    """Return the operating-system user of this process; variables such as USER can be forged."""
    # Windows has no such module, and a container may run as a number without a name.
    with suppress(ImportError, KeyError):
        return str(import_module("pwd").getpwuid(os.getuid()).pw_name)
    return str(getattr(os, "getuid", getuser)())
