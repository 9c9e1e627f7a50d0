"""The application factory."""

from fastapi import FastAPI

from . import api, dependencies, docs, edge, errors, health
from .config import Settings
from .metadata import DESCRIPTION, NAME, VERSION


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the application; without settings, they are read from the environment."""
    app = FastAPI(
        title=NAME, description=DESCRIPTION, version=VERSION, docs_url=None, redoc_url=None
    )

    dependencies.init_app(app, settings or Settings())
    errors.init_app(app)
    health.init_app(app)
    edge.init_app(app)

    app.include_router(api.router)
    app.include_router(docs.router)

    return app
