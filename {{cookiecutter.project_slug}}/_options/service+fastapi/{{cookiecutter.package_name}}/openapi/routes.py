"""Routes of the OpenAPI document (/openapi.json) and of Swagger UI (/docs)."""

from typing import Any

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from ..config import Settings
from .swagger_ui import ASSETS, CONTENT_SECURITY_POLICY, PAGE, START

router = APIRouter(include_in_schema=False)


def init_app(app: FastAPI, settings: Settings) -> None:
    """Register the routes if the settings enable them; in production they are disabled by default."""
    if settings.shows_docs:
        app.state.swagger_ui = StaticFiles(packages=[("fastapi_swagger", "resources")])
        app.include_router(router)


@router.get("/openapi.json")
async def read_document(request: Request) -> dict[str, Any]:
    """Return the OpenAPI document."""
    document: dict[str, Any] = request.app.openapi()
    return document


@router.get("/docs")
async def read_page() -> HTMLResponse:
    """Return the page of Swagger UI, with a content security policy for its scripts and styles."""
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})


@router.get("/docs/start.js")
async def read_start() -> Response:
    """Return the script that starts Swagger UI."""
    return Response(START, media_type="text/javascript")


@router.get("/docs/{name}")
async def read_asset(name: str, request: Request) -> Response:
    """Return a file of Swagger UI; browsers revalidate it with every use."""
    if name not in ASSETS:
        raise HTTPException(404)
    swagger_ui: StaticFiles = request.app.state.swagger_ui
    response = await swagger_ui.get_response(name, request.scope)
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Type"] = f"{ASSETS[name]}; charset=utf-8"
    return response
