"""The application factory."""

from flask import Flask

from . import (
    api,
    # {% if cookiecutter.database != "none" %}
    database,
    # {% endif %}
    dependencies,
    docs,
    edge,
    errors,
    flask_cli,
    health,
    logs,
)
# {% if cookiecutter.auth == "accounts" %}
from .accounts import dependencies as accounts
# {% endif %}
from .config import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application; without settings, they are read from the environment."""
    settings = settings or Settings()
    logs.configure(settings)

    # {% if cookiecutter.database == "none" %}
    app = Flask(__name__, static_folder=None)
    # {% endif %}
    # {% if cookiecutter.database != "none" %}
    app = database.TransactionalFlask(__name__, static_folder=None)
    # {% endif %}

    dependencies.init_app(app, settings)
    errors.init_app(app)
    health.init_app(app)
    # {% if cookiecutter.database != "none" %}
    database.init_app(app, settings)
    # {% endif %}
    # {% if cookiecutter.auth == "accounts" %}
    accounts.init_app(app, settings)
    # {% endif %}
    docs.init_app(app, settings)
    edge.init_app(app, settings)

    app.register_blueprint(api.bp)
    flask_cli.init_app(app, settings)

    return app
