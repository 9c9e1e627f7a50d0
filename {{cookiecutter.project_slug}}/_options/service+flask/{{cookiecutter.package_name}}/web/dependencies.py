"""What a view may ask for, whatever its domain."""

from flask import Flask, current_app

from ..config import Settings


def init_app(app: Flask, settings: Settings) -> None:
    """Keep the settings on the application that they were given to."""
    app.extensions["settings"] = settings
    # Flask has read FLASK_DEBUG by now, which `flask run --debug` sets; it counts in development only.
    app.debug = app.debug and settings.environment == "development"


def get_settings() -> Settings:
    """Return the settings of the application that answers this request."""
    settings: Settings = current_app.extensions["settings"]
    return settings
