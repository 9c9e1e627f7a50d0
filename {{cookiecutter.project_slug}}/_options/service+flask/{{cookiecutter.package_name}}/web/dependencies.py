"""Dependencies that views of all domains share."""

from flask import Flask, current_app

from ..config import Settings


def init_app(app: Flask, settings: Settings) -> None:
    """Store the settings on the application."""
    app.extensions["settings"] = settings
    # Flask has read FLASK_DEBUG, which `flask run --debug` sets; ignore it outside development.
    app.debug = app.debug and settings.environment == "development"
    is_test = settings.environment == "test"
    app.config.update(
        SECRET_KEY=settings.secret_key and settings.secret_key.get_secret_value(),
        SESSION_COOKIE_SECURE=settings.environment != "development",
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=settings.max_body_size,
        # By default, Flask limits the fields of a form further.
        MAX_FORM_MEMORY_SIZE=settings.max_body_size,
        TESTING=is_test,
        # Tests receive the response to an error too; set it to None to receive the error.
        PROPAGATE_EXCEPTIONS=False if is_test else None,
    )


def get_settings() -> Settings:
    """Return the settings of the application that processes the request."""
    settings: Settings = current_app.extensions["settings"]
    return settings
