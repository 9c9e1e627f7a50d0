"""The forms of accounts."""

from collections.abc import Mapping

from ..accounts.schemas import AnyPassword, Email, PasswordChange, Registration
from ..web.schemas import Schema
from .forms import Form


class Credentials(Schema):
    """The form that logs in."""

    email: Email
    password: AnyPassword


def login_form(values: Mapping[str, str], *, has_registration: bool) -> Form[Credentials]:
    """Return the form that logs in; it offers registration if that is enabled."""
    return Form(Credentials, "accounts/login.html", values, has_registration=has_registration)


def registration_form(values: Mapping[str, str]) -> Form[Registration]:
    """Return the form of a new account."""
    return Form(Registration, "accounts/register.html", values)


def password_form(values: Mapping[str, str], email: str) -> Form[PasswordChange]:
    """Return the form of a new password; the address shows password managers which one it replaces."""
    return Form(PasswordChange, "accounts/password.html", values, email=email)
