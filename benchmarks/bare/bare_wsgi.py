# mypy: ignore-errors
"""Flask with nothing around it: one route of its own, and the project's routes below /api/v1."""

from flask import Flask
from my_service import api
from my_service.cli.wsgi_to_asgi import WsgiToAsgi
from my_service.config import Settings
from my_service.web import dependencies

app = Flask(__name__)


@app.get("/livez")
def livez() -> dict[str, str]:
    return {"status": "ok"}


dependencies.init_app(app, Settings())
app.register_blueprint(api.bp)


asgi = WsgiToAsgi(app, threads=8, body_limit=lambda path: 1048576)
