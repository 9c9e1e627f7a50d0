# mypy: ignore-errors
"""The app of a Flask project, with a route that takes its time and one that reads a body."""

import time

from flask import request
from my_service import create_app
from my_service.cli.wsgi_to_asgi import WsgiToAsgi

app = create_app()


@app.get("/slow")
def slow() -> dict[str, str]:
    time.sleep(2)
    return {"status": "ok"}


@app.post("/length")
def length() -> dict[str, int]:
    return {"length": len(request.get_json())}


asgi = WsgiToAsgi(app, threads=8, body_limit=lambda path: 1048576)
