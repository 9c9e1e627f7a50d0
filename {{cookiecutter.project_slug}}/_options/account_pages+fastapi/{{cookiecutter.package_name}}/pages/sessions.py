"""The account of a session, for pages; the API takes tokens only."""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends, FastAPI, Request
from fastapi.responses import RedirectResponse
from itsdangerous import TimestampSigner
from jinja2 import pass_context
from jinja2.runtime import Context
from starlette.middleware.sessions import SessionMiddleware
from starlette.types import ASGIApp

from ..accounts.models import User
from ..accounts.tokens import Claims
from ..config import Settings
from ..database.session import SessionDep
from .cross_site import SAFE_METHODS
from .logins import LOGIN, USER, LoginRequired, find_user
from .rendering import path_for


class RotatingSessionMiddleware(SessionMiddleware):
    """Sessions that are signed with a key, and accepted if they were signed with a former one."""

    def __init__(
        self,
        app: ASGIApp,
        secret_key: str,
        session_cookie: str,
        max_age: int | None,
        https_only: bool,
        fallbacks: Sequence[str],
    ) -> None:
        super().__init__(app, secret_key, session_cookie, max_age, https_only=https_only)
        # The last key signs.
        self.signer = TimestampSigner([*fallbacks, secret_key])


def init_app(app: FastAPI, settings: Settings) -> None:
    """Add logins to sessions, and redirect clients without one to the form that logs in."""
    app.state.templates.env.globals.update(is_logged_in=pass_context(has_login))
    app.exception_handler(LoginRequired)(handle_login_required)


def start_session(request: Request, claims: Claims) -> None:
    """Begin a new session of a login."""
    request.session.clear()
    request.session.update({USER: str(claims.user_id), LOGIN: str(claims.login_id)})


def end_session(request: Request) -> None:
    """Remove the login from the session."""
    request.session.clear()


def is_logged_in(request: Request) -> bool:
    """Return whether the session has a login, which may be revoked."""
    return LOGIN in request.session


def has_login(context: Context) -> bool:
    """Return whether the session has a login; for templates."""
    return is_logged_in(context["request"])


def session_claims(request: Request) -> Claims:
    """Return the ids of the account and the login of the session; raise LoginRequired without a login."""
    if not is_logged_in(request):
        raise LoginRequired
    return Claims(UUID(request.session[USER]), UUID(request.session[LOGIN]))


SessionClaims = Annotated[Claims, Depends(session_claims)]


async def current_user(request: Request, session: SessionDep) -> User | None:
    """Return the account of the session, or None if its login does not exist, or is revoked or expired."""
    if not is_logged_in(request):
        return None
    user = await session.run_sync(find_user, session_claims(request))
    if user is None:
        end_session(request)
    return user


CurrentUser = Annotated[User | None, Depends(current_user)]


async def login_required(user: CurrentUser) -> User:
    """Redirect clients without a login to the form that logs in."""
    if user is None:
        raise LoginRequired
    return user


RequiredUser = Annotated[User, Depends(login_required)]


async def subject(user: RequiredUser) -> str:
    """Return the id of the account of the session, or redirect to the form that logs in."""
    return str(user.id)


Subject = Annotated[str, Depends(subject)]


async def optional_subject(user: CurrentUser) -> str | None:
    """Return the id of the account of the session, or None."""
    return str(user.id) if user else None


OptionalSubject = Annotated[str | None, Depends(optional_subject)]


async def handle_login_required(request: Request, error: LoginRequired) -> RedirectResponse:
    """Redirect to the form that logs in, and from there back to a page that was read."""
    target = path_for(request, "pages.accounts.login_page")
    if request.method in SAFE_METHODS:
        path = request.url.replace(scheme="", netloc="")
        target += "?" + urlencode({"next": str(path)}, safe="/")
    return RedirectResponse(target, 303)
