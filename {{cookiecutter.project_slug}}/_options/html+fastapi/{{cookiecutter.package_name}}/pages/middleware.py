"""The middleware of pages: their headers, and pages in place of problem documents."""

import json

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..web.problems import MEDIA_TYPE
from .negotiation import UNSTORED_HEADERS, accepts_pages, is_page_path, page_headers
from .rendering import render


class PagesMiddleware:
    """Add the headers of pages, and respond to browsers with a page in place of a problem document."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        if scope["type"] != "http" or not is_page_path(path):
            await self.app(scope, receive, send)
            return
        wants_page = accepts_pages(Headers(scope=scope).get("Accept", ""))
        problem: Message | None = None

        async def send_page(message: Message) -> None:
            nonlocal problem
            if problem:
                await render_problem(scope, problem, message["body"])(scope, receive, send)
                return
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                content_type = headers.get("Content-Type", "")
                if wants_page and content_type.startswith(MEDIA_TYPE):
                    problem = message
                    return
                if content_type.startswith("text/html"):
                    for name, value in page_headers(path).items():
                        headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_page)


def render_problem(scope: Scope, start: Message, body: bytes) -> ASGIApp:
    """Return the page of a problem document, with the status and the other headers of its response."""
    page = render(Request(scope), "error.html", status=start["status"], problem=json.loads(body))
    headers = MutableHeaders(scope=start)
    for name in ("Content-Length", "Content-Type"):
        del headers[name]
    page.headers.update({**headers, **UNSTORED_HEADERS})
    return page
