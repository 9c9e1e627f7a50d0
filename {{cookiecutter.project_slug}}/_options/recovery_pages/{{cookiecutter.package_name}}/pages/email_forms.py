"""The forms of the e-mail addresses of accounts, and of forgotten passwords."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ..accounts.email_schemas import EmailChange, ForgottenPassword
from ..accounts.email_service import InvalidEmailToken
from ..accounts.schemas import Password
from ..web.problems import ProblemError
from ..web.schemas import Schema
from .forms import Form

# The key of the token of a link in the session: a page whose URL had it would send it in Referer headers.
TOKEN = "email_token"  # noqa: S105  # a key, not a secret


class InvalidLink(ProblemError):
    """The token of a link cannot be used."""

    status = 400
    detail = "The link is invalid, expired or used. Request another one."


@contextmanager
def errors_of_links() -> Iterator[None]:
    """Translate an error of a token to that of its link."""
    try:
        yield
    except InvalidEmailToken:
        raise InvalidLink from None


class NewPassword(Schema):
    """The form that sets a new password; the session has its token."""

    new_password: Password


def email_form(values: Mapping[str, str]) -> Form[EmailChange]:
    """Return the form of another address."""
    return Form(EmailChange, "accounts/change_email.html", values)


def forgotten_form(values: Mapping[str, str]) -> Form[ForgottenPassword]:
    """Return the form that asks for a link."""
    return Form(ForgottenPassword, "accounts/forgot_password.html", values)


def reset_form(values: Mapping[str, str]) -> Form[NewPassword]:
    """Return the form of a new password in place of a forgotten one."""
    return Form(NewPassword, "accounts/reset_password.html", values)
