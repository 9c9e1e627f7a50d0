"""Pages of FastAPI: sessions, messages and templates."""

import httpx2
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from {{ cookiecutter.package_name }}.metadata import NAME
from {{ cookiecutter.package_name }}.pages.rendering import flash, path_for, render

from ..support.framework import App

router = APIRouter(prefix="/visits")


@router.get("")
async def count(request: Request) -> str:
    request.session["visits"] = request.session.get("visits", 0) + 1
    return f"visit {request.session['visits']}"


@router.post("")
async def greet(request: Request) -> RedirectResponse:
    flash(request, "Welcome <b>back</b>")
    return RedirectResponse(path_for(request, "pages.home"), 303)


@router.get("/home")
async def show(request: Request) -> HTMLResponse:
    return render(request, "home.html")


def test_session_flash_and_templates_work_as_documented(app: App, browser: httpx2.Client) -> None:
    app.include_router(router)

    assert [browser.get("/visits").json() for _ in range(2)] == ["visit 1", "visit 2"]
    assert browser.post("/visits").headers["Location"] == "/"
    page = browser.get("/visits/home")
    assert f"<h1>{NAME}</h1>" in page.text
    assert "Welcome &lt;b&gt;back&lt;/b&gt;" in page.text
    assert "style-src 'self'" in page.headers["Content-Security-Policy"]
