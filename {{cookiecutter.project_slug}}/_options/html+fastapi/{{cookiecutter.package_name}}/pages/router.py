"""The pages: their router, their static files, and the home page."""

from secrets import token_hex

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import HTMLResponse
# {% if "account_pages" not in cookiecutter.__facts %}
from starlette.middleware.sessions import SessionMiddleware
# {% endif %}

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
from .rendering import render
from .static_files import router as static_files

# Browsers reject a cookie with this prefix from an insecure connection, and from another host of the domain.
SESSION_COOKIE = "__Host-session"


async def reject_cross_site_requests(request: Request) -> None:
    """Respond 403 to a form that another site has sent."""
    headers = request.headers
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    check_origin(request.method, headers["Host"], site, origin)


async def read_body(request: Request) -> None:
    """Read the body before all else: while it arrives, a slow client must keep no lock."""
    await request.body()


router = APIRouter(
    include_in_schema=False,
    dependencies=[Depends(reject_cross_site_requests), Depends(read_body)],
)
router.include_router(static_files)
# {% if "account_pages" in cookiecutter.__facts %}
router.include_router(accounts)
# {% endif %}
# {% if "recovery_pages" in cookiecutter.__facts %}
router.include_router(emails)
# {% endif %}
# {% if "post_pages" in cookiecutter.__facts %}
router.include_router(posts)
# {% endif %}


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


@router.get("/", name="pages.home")
async def home(request: Request) -> HTMLResponse:
    """Return the home page."""
    return render(request, "home.html")
