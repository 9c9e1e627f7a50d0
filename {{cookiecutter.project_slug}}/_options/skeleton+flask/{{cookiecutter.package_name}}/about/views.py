"""The about endpoint."""

from flask import Blueprint, current_app

bp = Blueprint("about", __name__, url_prefix="/about")


@bp.get("")
def read_about() -> dict[str, str]:
    """Return the name and the environment of the service."""
    settings = current_app.extensions["settings"]
    return {"name": "{{ cookiecutter.project_slug }}", "environment": settings.environment}
