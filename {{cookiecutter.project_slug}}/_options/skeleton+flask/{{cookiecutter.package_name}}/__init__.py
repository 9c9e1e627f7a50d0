"""The application factory."""

from flask import Flask

from . import api
from .config import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application; without settings, they are read from the environment."""
    app = Flask(__name__)
    app.extensions["settings"] = settings or Settings()
    app.register_blueprint(api.bp)
    return app
