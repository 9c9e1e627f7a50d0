"""The account of a session, for pages; the API takes tokens only."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar
from uuid import UUID

from flask import Flask, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from ..accounts.models import User
from ..accounts.tokens import Claims
from ..config import Settings
from ..database.session import get_session
from .cross_site import SAFE_METHODS
from .logins import LOGIN, USER, LoginRequired, find_user

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
# The key of the account in the `info` of a database session.
CACHED = "pages.user"


def init_app(app: Flask, settings: Settings) -> None:
    """Add logins to sessions, and redirect clients without one to the form that logs in."""
    fallbacks = [secret.get_secret_value() for secret in settings.secret_key_fallbacks]
    app.config["SECRET_KEY_FALLBACKS"] = fallbacks
    # Flask ignores older cookies, whether or not a session is permanent.
    app.config["PERMANENT_SESSION_LIFETIME"] = settings.refresh_token_lifetime
    app.jinja_env.globals.update(is_logged_in=is_logged_in)
    app.register_error_handler(LoginRequired, handle_login_required)


def start_session(claims: Claims) -> None:
    """Begin a new session of a login."""
    session.clear()
    session[USER], session[LOGIN] = str(claims.user_id), str(claims.login_id)


def end_session() -> None:
    """Remove the login from the session."""
    session.clear()


def is_logged_in() -> bool:
    """Return whether the session has a login, which may be revoked."""
    return LOGIN in session


def session_claims() -> Claims:
    """Return the ids of the account and the login of the session; raise LoginRequired without a login."""
    if not is_logged_in():
        raise LoginRequired
    return Claims(UUID(session[USER]), UUID(session[LOGIN]))


def current_user() -> User | None:
    """Return the account of the session, or None if its login does not exist, or is revoked or expired."""
    if not is_logged_in():
        return None
    info = get_session().info
    if CACHED not in info:
        info[CACHED] = find_user(get_session(), session_claims())
    user: User | None = info[CACHED]
    if user is None:
        end_session()
    return user


def require_user() -> User:
    """Return the account of the session, or redirect to the form that logs in."""
    if user := current_user():
        return user
    raise LoginRequired


def login_required(view: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Redirect clients without a login to the form that logs in."""

    @wraps(view)
    def checked(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        require_user()
        return view(*args, **kwargs)

    return checked


def subject() -> str:
    """Return the id of the account of the session, or redirect to the form that logs in."""
    return str(require_user().id)


def optional_subject() -> str | None:
    """Return the id of the account of the session, or None."""
    user = current_user()
    return str(user.id) if user else None


def handle_login_required(error: LoginRequired) -> ResponseReturnValue:
    """Redirect to the form that logs in, and from there back to a page that was read."""
    path = request.script_root + request.full_path.rstrip("?")
    following = path if request.method in SAFE_METHODS else None
    return redirect(url_for("pages.accounts.login_page", next=following), 303)
