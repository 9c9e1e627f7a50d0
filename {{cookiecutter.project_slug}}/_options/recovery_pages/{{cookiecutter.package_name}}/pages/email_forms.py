"""The forms of the e-mail addresses of accounts, and of forgotten passwords."""

from collections.abc import Mapping

from ..accounts.email_schemas import EmailChange, ForgottenPassword
from ..accounts.schemas import Password
from ..web.problems import ProblemError
from ..web.schemas import Schema
from .forms import Form

# The keys of the tokens of links in the session: a page whose URL had one would send it in Referer headers.
CONFIRMATION, RESET = "confirmation", "reset"


class ReplacedLink(ProblemError):
    """Another link was opened after the page of the form."""

    status = 409
    detail = "Another link was opened after this page. Open the link of the message again."


class NewPassword(Schema):
    """The form that sets a new password; the session has its token."""

    new_password: Password


def email_form(values: Mapping[str, str], email: str) -> Form[EmailChange]:
    """Return the form of another address; the present one shows password managers whose password is meant."""
    return Form(EmailChange, "accounts/change_email.html", values, email=email)


def forgotten_form(values: Mapping[str, str]) -> Form[ForgottenPassword]:
    """Return the form that asks for a link."""
    return Form(ForgottenPassword, "accounts/forgot_password.html", values)


def reset_form(values: Mapping[str, str], email: str) -> Form[NewPassword]:
    """Return the form of a new password in place of a forgotten one; the address is for password managers."""
    return Form(NewPassword, "accounts/reset_password.html", values, email=email)


def check_account(values: Mapping[str, str], email: str) -> None:
    """Raise ReplacedLink unless the form was made for the account of the token."""
    if values.get("username") != email:
        raise ReplacedLink
