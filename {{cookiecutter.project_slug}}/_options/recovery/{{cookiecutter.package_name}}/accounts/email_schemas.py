"""Request and response bodies of the e-mail addresses of accounts."""

from typing import Annotated

from pydantic import Field, Secret, StringConstraints

from ..web.schemas import Schema
from .schemas import HIDDEN, AnyPassword, Email, Password

MAX_TOKEN = 200

EmailedToken = Annotated[Secret[Annotated[str, StringConstraints(max_length=MAX_TOKEN)]], HIDDEN]


class EmailStatus(Schema):
    """Response body: the address of an account."""

    email: str
    is_confirmed: bool = Field(description="Whether the owner has proven to receive its mail.")


class EmailChange(Schema, extra="forbid"):
    """Request body for changing the address."""

    current_password: AnyPassword
    new_email: Email


class EmailConfirmation(Schema, extra="forbid"):
    """Request body for confirming an address."""

    token: EmailedToken


class ForgottenPassword(Schema, extra="forbid"):
    """Request body for a mail that allows to reset the password."""

    email: Email


class PasswordReset(Schema, extra="forbid"):
    """Request body for resetting the password."""

    token: EmailedToken
    new_password: Password
