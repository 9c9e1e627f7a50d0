"""Security audit log: events without secrets, and without addresses."""

import logging
import os
from contextlib import suppress
from getpass import getuser
from importlib import import_module
from multiprocessing import parent_process

import click

logger = logging.getLogger(__name__)


def log_event(event: str, **extra: object) -> None:
    """Log a security event; if a command causes it, with the command and its operator."""
    logger.info("security", extra={"event": event, **extra, **operator()})


def operator() -> dict[str, str]:
    """Return the command that is running and its operating-system user; nothing in a worker of the server."""
    context = click.get_current_context(silent=True)
    # A forked worker inherits the context of `serve`.
    if context is None or parent_process() is not None:
        return {}
    return {"command": context.command_path, "operator": system_user()}


def system_user() -> str:
    """Return the user that this process runs as; variables such as USER can be forged."""
    # Windows has no such module, and a container may run as a number without a name.
    with suppress(ImportError, KeyError):
        return str(import_module("pwd").getpwuid(os.getuid()).pw_name)
    return str(getattr(os, "getuid", getuser)())
