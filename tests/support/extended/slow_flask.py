# mypy: ignore-errors
"""The service of a project with views that take their time."""

import time
from collections.abc import Iterator

from flask import Blueprint, Response, request
from my_service import create_app

bp = Blueprint("slow", __name__)


@bp.get("/slow-thread")
def wait_in_a_thread() -> str:
    """Answer after some time, for which a thread is busy."""
    time.sleep(float(request.args["seconds"]))
    return request.args["seconds"]


@bp.get("/stream")
def stream() -> Response:
    """Send a line every half second."""
    seconds = int(request.args["seconds"])

    def lines() -> Iterator[str]:
        for number in range(seconds * 2):
            yield f"{number}\n"
            time.sleep(0.5)
        yield "end\n"

    return Response(lines())


@bp.post("/upload")
def upload() -> str:
    """Take a body in parts; answer its length."""
    length = 0
    while part := request.stream.read(65536):
        length += len(part)
    return str(length)


app = create_app()
app.register_blueprint(bp)
