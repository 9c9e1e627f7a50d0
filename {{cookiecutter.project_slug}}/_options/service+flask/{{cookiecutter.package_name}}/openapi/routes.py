"""Routes of the OpenAPI document (/openapi.json) and of Swagger UI (/docs)."""

from importlib.resources import files

from flask import Blueprint, Flask, Response, abort, current_app, send_from_directory
from flask.typing import ResponseReturnValue
from pydantic_core import to_json

from ..config import Settings
from .document import make_document
from .swagger_ui import ASSETS, CONTENT_SECURITY_POLICY, PAGE, START

bp = Blueprint("docs", __name__)


def init_app(app: Flask, settings: Settings) -> None:
    """Register the routes if the settings enable them; in production they are disabled by default."""
    if settings.shows_docs:
        app.extensions["swagger_ui"] = str(files("flask_swagger_ui") / "dist")
        app.register_blueprint(bp)


@bp.get("/openapi.json")
def read_document() -> ResponseReturnValue:
    """Return the OpenAPI document."""
    # Not `jsonify`, which would sort the keys.
    return Response(to_json(make_document(current_app)), mimetype="application/json")


@bp.get("/docs")
def read_page() -> ResponseReturnValue:
    """Return the page of Swagger UI, with a content security policy for its scripts and styles."""
    return Response(PAGE, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})


@bp.get("/docs/start.js")
def read_start() -> ResponseReturnValue:
    """Return the script that starts Swagger UI."""
    return Response(START, mimetype="text/javascript")


@bp.get("/docs/<name>")
def read_asset(name: str) -> ResponseReturnValue:
    """Return a file of Swagger UI; browsers revalidate it with every use."""
    if name not in ASSETS:
        abort(404)
    return send_from_directory(current_app.extensions["swagger_ui"], name, mimetype=ASSETS[name])
