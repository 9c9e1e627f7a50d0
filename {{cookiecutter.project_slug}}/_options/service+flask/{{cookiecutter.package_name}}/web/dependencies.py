"""Dependencies that views of all domains share."""

from flask import Flask, current_app

from ..config import Settings


def init_app(app: Flask, settings: Settings) -> None:
    """Store the settings on the application."""
    app.extensions["settings"] = settings
    # Flask has read FLASK_DEBUG, which `flask run --debug` sets; ignore it outside development.
    app.debug = app.debug and settings.environment == "development"


def get_settings() -> Settings:
    """Return the settings of the application that processes the request."""
    settings: Settings = current_app.extensions["settings"]
    return settings
