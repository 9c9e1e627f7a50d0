"""Endpoint of the about domain."""

from flask import Blueprint

from ..web.dependencies import get_settings
from ..web.operations import operation
from . import service
from .schemas import About

bp = Blueprint("about", __name__, url_prefix="/about")


@bp.get("")
@operation()
def read_about() -> About:
    """Return the name, the version and the environment of the service."""
    return service.describe(get_settings())
