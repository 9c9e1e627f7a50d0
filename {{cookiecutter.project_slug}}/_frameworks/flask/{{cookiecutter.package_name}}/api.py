"""The list of blueprints under /api/v1."""

from flask import Blueprint

from .about.views import bp as about

bp = Blueprint("api", __name__, url_prefix="/api/v1")

bp.register_blueprint(about)
