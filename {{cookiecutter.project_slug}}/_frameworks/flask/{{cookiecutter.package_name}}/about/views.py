"""The about endpoint."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ..dependencies import get_settings
from . import service

bp = Blueprint("about", __name__, url_prefix="/about")


@bp.get("")
def read_about() -> ResponseReturnValue:
    """Name the service, its version and its environment."""
    return service.describe(get_settings()).model_dump(mode="json")
