"""The about endpoint."""

from flask import Blueprint

from ..web.dependencies import get_settings
from ..web.operations import operation
from . import service
from .schemas import About

bp = Blueprint("about", __name__, url_prefix="/about")


@bp.get("")
@operation()
def read_about() -> About:
    """Name the service, its version and its environment."""
    return service.describe(get_settings())
