"""The application factory."""

from fastapi import FastAPI

from . import api
# {% if "accounts" in cookiecutter.__facts %}
from .accounts import dependencies as account_dependencies
# {% endif %}
from .config import Settings
# {% if "database" in cookiecutter.__facts %}
from .database import session
# {% endif %}
# {% if "prometheus" in cookiecutter.__facts and "jobs" in cookiecutter.__facts %}
from .jobs.metrics import observe_jobs
# {% endif %}
from .metadata import DESCRIPTION, NAME, VERSION
from .observability import logs
from .openapi import document, routes
# {% if "html" in cookiecutter.__facts %}
from .pages import router as pages
# {% endif %}
from .web import (
    dependencies,
    error_handlers,
    health,
    # {% if "prometheus" in cookiecutter.__facts %}
    metrics,
    # {% endif %}
    middleware_stack,
    requests,
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the application; without settings, they are read from the environment."""
    settings = settings or Settings()
    logs.configure(settings)

    app = FastAPI(
        title=NAME,
        description=DESCRIPTION,
        version=VERSION,
        openapi_url=None,
        redirect_slashes=False,
        responses=document.RESPONSES,
        generate_unique_id_function=document.operation_id,
        # {% if "database" in cookiecutter.__facts %}
        lifespan=session.lifespan,
        # {% endif %}
    )

    dependencies.init_app(app, settings)
    requests.init_app(app)
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
    document.init_app(app, settings)
    middleware_stack.init_app(app, settings)
    # {% if "prometheus" in cookiecutter.__facts %}
    metrics.init_app(app, settings)
    # {% endif %}
    # {% if "prometheus" in cookiecutter.__facts and "jobs" in cookiecutter.__facts %}
    observe_jobs(app.state.metrics, settings)
    # {% endif %}

    app.include_router(api.router)
    routes.init_app(app, settings)

    return app
