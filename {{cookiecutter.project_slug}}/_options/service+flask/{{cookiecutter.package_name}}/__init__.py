"""The application factory."""

from flask import Flask

from . import api
# {% if "accounts" in cookiecutter.__facts %}
from .accounts import dependencies as account_dependencies
# {% endif %}
from .cli import flask_cli
from .config import Settings
# {% if "database" in cookiecutter.__facts %}
from .database import session
# {% endif %}
# {% if "prometheus" in cookiecutter.__facts and "jobs" in cookiecutter.__facts %}
from .jobs.metrics import observe_jobs
# {% endif %}
from .observability import logs
from .openapi import routes
# {% if "html" in cookiecutter.__facts %}
from .pages import views as pages
# {% endif %}
from .web import (
    dependencies,
    error_handlers,
    health,
    # {% if "prometheus" in cookiecutter.__facts %}
    metrics,
    # {% endif %}
    middleware_stack,
    operations,
)


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application; without settings, they are read from the environment."""
    settings = settings or Settings()
    logs.configure(settings)

    # {% if "database" not in cookiecutter.__facts %}
    app = Flask(__name__, static_folder=None)
    # {% endif %}
    # {% if "database" in cookiecutter.__facts %}
    app = session.TransactionalFlask(__name__, static_folder=None)
    # {% endif %}

    dependencies.init_app(app, settings)
    error_handlers.init_app(app)
    health.init_app(app)
    # {% if "database" in cookiecutter.__facts %}
    session.init_app(app, settings)
    # {% endif %}
    # {% if "accounts" in cookiecutter.__facts %}
    account_dependencies.init_app(app, settings)
    # {% endif %}
    # {% if "html" in cookiecutter.__facts %}
    pages.init_app(app, settings)
    # {% endif %}
    routes.init_app(app, settings)
    middleware_stack.init_app(app, settings)
    # {% if "prometheus" in cookiecutter.__facts %}
    metrics.init_app(app, settings)
    # {% endif %}
    # {% if "prometheus" in cookiecutter.__facts and "jobs" in cookiecutter.__facts %}
    observe_jobs(app.extensions["metrics"], settings)
    # {% endif %}

    app.register_blueprint(api.bp)
    flask_cli.init_app(app, settings)
    operations.check_routes(app)

    return app
