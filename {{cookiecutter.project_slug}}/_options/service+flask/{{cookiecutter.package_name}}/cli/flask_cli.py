"""The commands of the service as commands of `flask`, except those that start a server."""

from copy import copy

from flask import Flask

from ..config import Settings
from .main import main

SERVERS = {"run", "serve"}


def init_app(app: Flask, settings: Settings) -> None:
    """Let the commands of an application use its settings."""
    for name in main.commands.keys() - SERVERS:
        # A copy, because every application has its own settings.
        command = copy(main.commands[name])
        command.context_settings = {**command.context_settings, "obj": settings}
        app.cli.add_command(command)
