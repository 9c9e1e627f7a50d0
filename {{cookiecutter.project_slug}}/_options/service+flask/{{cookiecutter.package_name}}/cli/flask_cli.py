"""Register the commands of the service as `flask` commands, except those that start a server."""

from copy import copy

from flask import Flask

from ..config import Settings
from .main import main

SERVERS = {"run", "serve"}


def init_app(app: Flask, settings: Settings) -> None:
    """Add the commands to an application, with its settings."""
    for name in main.commands.keys() - SERVERS:
        # A copy, because each application has its own settings.
        command = copy(main.commands[name])
        command.context_settings = {**command.context_settings, "obj": settings}
        app.cli.add_command(command)
