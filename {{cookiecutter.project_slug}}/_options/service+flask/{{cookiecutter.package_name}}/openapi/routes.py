"""The OpenAPI document at /openapi.json and the page that shows it at /docs."""

from importlib.resources import files

from flask import Blueprint, Flask, Response, abort, current_app, send_from_directory
from flask.typing import ResponseReturnValue
from pydantic_core import to_json

from ..config import Settings
from .document import make_document
from .swagger_ui import ASSETS, CONTENT_SECURITY_POLICY, PAGE, START

bp = Blueprint("docs", __name__)


def init_app(app: Flask, settings: Settings) -> None:
    """Serve both where settings say so: in production only if they are asked for."""
    if settings.shows_docs:
        app.extensions["swagger_ui"] = str(files("flask_swagger_ui") / "dist")
        app.register_blueprint(bp)


@bp.get("/openapi.json")
def read_document() -> ResponseReturnValue:
    """Send the document."""
    # Flask would sort its members.
    return Response(to_json(make_document(current_app)), mimetype="application/json")


@bp.get("/docs")
def read_page() -> ResponseReturnValue:
    """Send the page, with a policy that lets it load its scripts and styles."""
    return Response(PAGE, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})


@bp.get("/docs/start.js")
def read_start() -> ResponseReturnValue:
    """Send the script that starts Swagger UI."""
    return Response(START, mimetype="text/javascript")


@bp.get("/docs/<name>")
def read_asset(name: str) -> ResponseReturnValue:
    """Send a file of Swagger UI; browsers keep it and ask whether it is still the one."""
    if name not in ASSETS:
        abort(404)
    return send_from_directory(current_app.extensions["swagger_ui"], name, mimetype=ASSETS[name])
