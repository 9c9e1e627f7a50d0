"""The application factory."""

from fastapi import FastAPI

from . import api
from .config import Settings


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the application; without settings, they are read from the environment."""
    app = FastAPI(title="{{ cookiecutter.project_name | escaped }}", version="0.1.0")
    app.state.settings = settings or Settings()
    app.include_router(api.router)
    return app
