"""The application factory."""

from flask import Flask

from . import api, cli, dependencies, edge, errors, health
from .config import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application; without settings, they are read from the environment."""
    app = Flask(__name__, static_folder=None)

    dependencies.init_app(app, settings or Settings())
    errors.init_app(app)
    health.init_app(app)
    edge.init_app(app)

    app.register_blueprint(api.bp)
    app.cli.add_command(cli.check)

    return app
