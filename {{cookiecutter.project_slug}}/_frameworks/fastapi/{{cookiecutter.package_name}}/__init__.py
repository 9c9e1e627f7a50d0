"""The application factory."""

from fastapi import FastAPI

from . import (
    api,
    # {% if cookiecutter.database != "none" %}
    database,
    # {% endif %}
    dependencies,
    docs,
    edge,
    errors,
    health,
    logs,
    openapi,
    requests,
)
# {% if cookiecutter.auth == "accounts" %}
from .accounts import dependencies as accounts
# {% endif %}
from .config import Settings
from .metadata import DESCRIPTION, NAME, VERSION


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
        responses=openapi.RESPONSES,
        generate_unique_id_function=openapi.operation_id,
        # {% if cookiecutter.database != "none" %}
        lifespan=database.lifespan,
        # {% endif %}
    )

    dependencies.init_app(app, settings)
    requests.init_app(app)
    errors.init_app(app)
    health.init_app(app)
    # {% if cookiecutter.database != "none" %}
    database.init_app(app, settings)
    # {% endif %}
    # {% if cookiecutter.auth == "accounts" %}
    accounts.init_app(app, settings)
    # {% endif %}
    openapi.init_app(app, settings)
    edge.init_app(app, settings)

    app.include_router(api.router)
    docs.init_app(app, settings)

    return app
