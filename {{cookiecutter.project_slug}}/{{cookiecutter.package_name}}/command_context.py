"""The context of a command: the settings that it uses, and the operator who runs it."""

import os
from contextlib import suppress
from getpass import getuser
from importlib import import_module
from multiprocessing import parent_process

import click
from pydantic import ValidationError

from . import logs
from .config import Settings


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
