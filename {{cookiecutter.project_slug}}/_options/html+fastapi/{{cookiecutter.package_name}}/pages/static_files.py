"""Static files, which browsers keep if their URL has their digest."""

import re

from fastapi import APIRouter, Request, Response
from fastapi.staticfiles import StaticFiles

from ..web.problems import ProblemError
from .assets import FOLDER, cache_control
from .rendering import get_static_digest

router = APIRouter()
files = StaticFiles(directory=FOLDER)
# From a position on, between two positions, or the end.
RANGE = re.compile(r"bytes=(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))", re.ASCII)


class UnusableRange(ProblemError):
    """The file does not have the part that a client asks for, or the client asks for several."""

    status = 416


@router.get("/static/{path:path}", name="static")
async def static(request: Request, path: str, v: str | None = None) -> Response:
    """Return a static file, or a part of it."""
    response = await files.get_response(path, request.scope)
    if response.status_code == 200:
        check_range(request, response)
    response.headers["Cache-Control"] = cache_control(path, v, get_static_digest(request))
    return response


def check_range(request: Request, response: Response) -> None:
    """Raise UnusableRange for a part that Starlette would reject without a problem document."""
    requested, condition = request.headers.get("Range"), request.headers.get("If-Range")
    size, etag = int(response.headers["Content-Length"]), response.headers["ETag"]
    if requested and condition in (None, etag) and not is_usable(requested, size):
        error = UnusableRange()
        error.headers = {"Content-Range": f"bytes */{size}"}
        raise error


def is_usable(requested: str, size: int) -> bool:
    """Return whether a Range header asks for one part of a file, which begins in it."""
    found = RANGE.fullmatch(requested)
    if found is None:
        return False
    first, last, end = found.groups()
    return int(end) > 0 if end else int(first) < size and int(first) <= int(last or size)
