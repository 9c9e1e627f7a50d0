"""The pages: their blueprint with templates and static files, and the home page."""

from secrets import token_hex

from flask import Blueprint, Flask, Response, current_app, render_template, request, url_for

from ..config import Settings
from . import (
    responses,
    # {% if "account_pages" in cookiecutter.__facts %}
    sessions,
    # {% endif %}
)
# {% if "account_pages" in cookiecutter.__facts %}
from .account_views import bp as accounts
# {% endif %}
from .assets import Digest, cache_control, make_digest
from .cross_site import check_origin
# {% if "recovery_pages" in cookiecutter.__facts %}
from .email_views import bp as emails
# {% endif %}
# {% if "forms" in cookiecutter.__facts %}
from .form_pages import handle_invalid_form
from .forms import InvalidForm
# {% endif %}
from .navigation import template_globals
# {% if "post_pages" in cookiecutter.__facts %}
from .post_views import bp as posts
# {% endif %}

# Browsers reject a cookie with this prefix from an insecure connection, and from another host of the domain.
SESSION_COOKIE = "__Host-session"

bp = Blueprint(
    "pages",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/static",
)
# {% if "account_pages" in cookiecutter.__facts %}
bp.register_blueprint(accounts)
# {% endif %}
# {% if "recovery_pages" in cookiecutter.__facts %}
bp.register_blueprint(emails)
# {% endif %}
# {% if "post_pages" in cookiecutter.__facts %}
bp.register_blueprint(posts)
# {% endif %}


def init_app(app: Flask, settings: Settings) -> None:
    """Add the pages, their sessions and their errors to the application."""
    is_development = settings.environment == "development"
    app.config["TEMPLATES_AUTO_RELOAD"] = is_development
    if not is_development:
        app.config["SESSION_COOKIE_NAME"] = SESSION_COOKIE
    # Without SECRET_KEY, in development only, sessions end when the service restarts.
    app.secret_key = app.secret_key or token_hex()
    app.extensions["static_digest"] = make_digest(settings)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(template_globals(settings), static_url=static_url)
    responses.init_app(app)
    # {% if "account_pages" in cookiecutter.__facts %}
    sessions.init_app(app, settings)
    # {% endif %}
    # {% if "forms" in cookiecutter.__facts %}
    app.register_error_handler(InvalidForm, handle_invalid_form)
    # {% endif %}
    app.register_blueprint(bp)


def get_static_digest() -> Digest:
    """Return the function from the name of a static file to its digest."""
    digest: Digest = current_app.extensions["static_digest"]
    return digest


def static_url(name: str) -> str:
    """Return the URL of a static file, with its digest; for templates."""
    return url_for("pages.static", filename=name, v=get_static_digest()(name))


@bp.before_request
def reject_cross_site_requests() -> None:
    """Respond 403 to a form that another site has sent."""
    headers = request.headers
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    check_origin(request.method, request.host, site, origin)


@bp.before_request
def read_body() -> None:
    """Read the body before all else: while it arrives, a slow client must keep no lock."""
    request.get_data()


@bp.after_request
def cache_static_files(response: Response) -> Response:
    """Let browsers keep a static file if its URL has its digest."""
    if request.endpoint == "pages.static" and response.status_code < 400:
        name, version = (request.view_args or {})["filename"], request.args.get("v")
        response.headers["Cache-Control"] = cache_control(name, version, get_static_digest())
    return response


@bp.get("/")
def home() -> str:
    """Return the home page."""
    return render_template("home.html")
