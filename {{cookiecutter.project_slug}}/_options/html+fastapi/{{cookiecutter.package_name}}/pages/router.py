"""The pages: their router, their static files, and the home page."""

from secrets import token_hex

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
# {% if "account_pages" not in cookiecutter.__facts %}
from starlette.middleware.sessions import SessionMiddleware
# {% endif %}
from starlette.types import Scope

from ..config import Settings
from . import (
    rendering,
    # {% if "account_pages" in cookiecutter.__facts %}
    sessions,
    # {% endif %}
)
# {% if "account_pages" in cookiecutter.__facts %}
from .account_router import router as accounts
# {% endif %}
from .assets import FOLDER, cache_control
from .cross_site import check_origin
# {% if "recovery_pages" in cookiecutter.__facts %}
from .email_router import router as emails
# {% endif %}
# {% if "forms" in cookiecutter.__facts %}
from .form_pages import handle_invalid_form
from .forms import InvalidForm
# {% endif %}
from .middleware import PagesMiddleware
# {% if "post_pages" in cookiecutter.__facts %}
from .post_router import router as posts
# {% endif %}
from .rendering import get_static_digest, render

# Browsers reject a cookie with this prefix from an insecure connection, and from another host of the domain.
SESSION_COOKIE = "__Host-session"


async def reject_cross_site_requests(request: Request) -> None:
    """Respond 403 to a form that another site has sent."""
    headers = request.headers
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    check_origin(request.method, headers["Host"], site, origin)


router = APIRouter(include_in_schema=False, dependencies=[Depends(reject_cross_site_requests)])
# {% if "account_pages" in cookiecutter.__facts %}
router.include_router(accounts)
# {% endif %}
# {% if "recovery_pages" in cookiecutter.__facts %}
router.include_router(emails)
# {% endif %}
# {% if "post_pages" in cookiecutter.__facts %}
router.include_router(posts)
# {% endif %}


class CachedStaticFiles(StaticFiles):
    """Static files that browsers keep if their URL has their digest."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the response for a file, or raise an error with the status 404 or 405."""
        response = await super().get_response(path, scope)
        request = Request(scope)
        version, digest = request.query_params.get("v"), get_static_digest(request)
        response.headers["Cache-Control"] = cache_control(path, version, digest)
        return response


def init_app(app: FastAPI, settings: Settings) -> None:
    """Add the pages, their sessions and their errors to the application."""
    rendering.init_app(app, settings)
    is_development = settings.environment == "development"
    app.add_middleware(PagesMiddleware)
    # {% if "account_pages" in cookiecutter.__facts %}
    sessions.init_app(app, settings)
    # {% endif %}
    app.add_middleware(
        # {% if "account_pages" not in cookiecutter.__facts %}
        SessionMiddleware,
        # {% endif %}
        # {% if "account_pages" in cookiecutter.__facts %}
        sessions.RotatingSessionMiddleware,
        fallbacks=[key.get_secret_value() for key in settings.secret_key_fallbacks],
        # {% endif %}
        # Without SECRET_KEY, in development only, sessions end when the service restarts.
        secret_key=settings.secret_key.get_secret_value() if settings.secret_key else token_hex(),
        session_cookie="session" if is_development else SESSION_COOKIE,
        https_only=not is_development,
        max_age=None,
    )
    # {% if "forms" in cookiecutter.__facts %}
    app.exception_handler(InvalidForm)(handle_invalid_form)
    # {% endif %}
    app.include_router(router)
    app.mount("/static", CachedStaticFiles(directory=FOLDER), name="static")


@router.get("/", name="pages.home")
async def home(request: Request) -> HTMLResponse:
    """Return the home page."""
    return render(request, "home.html")
