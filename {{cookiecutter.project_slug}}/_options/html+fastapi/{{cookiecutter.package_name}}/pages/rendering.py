"""Rendering of pages by Jinja, with URLs and messages."""

from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, pass_context, select_autoescape
from jinja2.runtime import Context

from ..config import Settings
from .assets import Digest, make_digest
from .navigation import template_globals

FOLDER = Path(__file__).parent / "templates"
# The key of messages in the session.
MESSAGES = "_messages"


def init_app(app: FastAPI, settings: Settings) -> None:
    """Add the templates to the application; in development, an edit shows without a restart."""
    app.state.static_digest = make_digest(settings)
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(),
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=settings.environment == "development",
    )
    environment.globals.update(
        template_globals(settings),
        get_flashed_messages=get_flashed_messages,
        static_url=static_url,
        url_for=url_for,
    )
    app.state.templates = Jinja2Templates(env=environment)


def render(request: Request, name: str, status: int = 200, **context: Any) -> HTMLResponse:
    """Return the page of a template."""
    templates: Jinja2Templates = request.app.state.templates
    return templates.TemplateResponse(request, name, context, status)


def path_for(request: Request, name: str, /, **variables: Any) -> str:
    """Return the path of a route, with the root path of the service, and without the host."""
    return request.url_for(name, **variables).path


def get_static_digest(request: Request) -> Digest:
    """Return the function from the name of a static file to its digest."""
    digest: Digest = request.app.state.static_digest
    return digest


def flash(request: Request, message: str) -> None:
    """Show a message on the next page."""
    request.session[MESSAGES] = [*request.session.get(MESSAGES, ()), message]


@pass_context
def get_flashed_messages(context: Context) -> list[str]:
    """Return the messages for this page, once; for templates."""
    messages: list[str] = context["request"].session.pop(MESSAGES, [])
    return messages


@pass_context
def static_url(context: Context, name: str) -> str:
    """Return the URL of a static file, with its digest; for templates."""
    request = context["request"]
    return f"{path_for(request, 'static', path=name)}?v={get_static_digest(request)(name)}"


@pass_context
def url_for(context: Context, name: str, /, **variables: Any) -> str:
    """Return the path of a route; for templates."""
    return path_for(context["request"], name, **variables)
