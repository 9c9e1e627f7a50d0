# mypy: ignore-errors
"""Flask with nothing around it: views that show how a server behaves."""

import json
import logging.config
import os
import time
from pathlib import Path

from flask import Flask, Response, request
from werkzeug.exceptions import ClientDisconnected

VERSION = "1"
# A server that leaves its log to the application has no option for it.
if "LOGGING" in os.environ:
    logging.config.dictConfig(json.loads(Path(os.environ["LOGGING"]).read_text()))

app = Flask(__name__)


def through_a2wsgi():
    from a2wsgi import WSGIMiddleware

    return WSGIMiddleware(app, workers=8)


def through_asgiref():
    from asgiref.wsgi import WsgiToAsgi

    return WsgiToAsgi(app)


def record(line):
    with Path(os.environ["RECORD"]).open("a") as file:
        file.write(f"{line}\n")


def seconds():
    return float(request.args["seconds"])


@app.get("/livez")
def livez():
    return {"status": "ok", "version": VERSION}


@app.get("/slow")
def slow():
    time.sleep(seconds())
    return "slow"


@app.post("/length")
def length():
    try:
        body = request.get_data()
    except (OSError, ClientDisconnected):
        record("incomplete")
        raise
    record(f"complete {len(body)}")
    return str(len(body))


@app.post("/chunks")
def chunks():
    """Begin to read after a second, so that a server without backpressure buffers what comes in."""
    time.sleep(1)
    size = 0
    while chunk := request.stream.read(65536):
        size += len(chunk)
    return str(size)


def lines(duration):
    record("begin")
    try:
        for number in range(round(duration * 10)):
            yield f"{number}\n"
            time.sleep(0.1)
        yield "end\n"
    finally:
        record("end")


@app.get("/stream")
def stream():
    return Response(lines(seconds()))


@app.get("/header")
def header():
    return request.environ.get("HTTP_" + request.args["name"].upper().replace("-", "_"), "")
