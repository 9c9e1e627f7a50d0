"""What goes over the wire about accounts."""

from typing import Annotated, Literal, Self
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    Secret,
    StringConstraints,
    model_validator,
)

from ..web.schemas import Schema


def normalised(address: str) -> str:
    """Return an address as it is compared: in lower case, of ASCII; raise ValueError for no address.

    A domain of other letters is compared in its ASCII form, so that one which looks alike is another.
    """
    try:
        valid = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise ValueError("is not an e-mail address") from None
    return f"{valid.ascii_local_part}@{valid.ascii_domain}".lower()


def address_of(username: str) -> str | None:
    """Return the address that a user has typed to log in, or None where it is none."""
    try:
        return normalised(username)
    except ValueError:
        return None


Email = Annotated[
    str,
    Field(max_length=254, json_schema_extra={"format": "email"}),
    AfterValidator(normalised),
]
# As SecretStr, but with its length counted in characters where a client is told about it.
HIDDEN = Field(json_schema_extra={"format": "password", "writeOnly": True})
AnyPassword = Annotated[Secret[Annotated[str, StringConstraints(max_length=1024)]], HIDDEN]
# How easy it is to guess is measured when it is hashed, with the address of its account.
Password = Annotated[
    Secret[Annotated[str, StringConstraints(min_length=12, max_length=1024)]], HIDDEN
]


class Registration(Schema, extra="forbid"):
    """An account that is to be."""

    email: Email
    password: Password


class PasswordChange(Schema, extra="forbid"):
    """A new password, and the one it replaces."""

    current_password: AnyPassword
    new_password: Password


class Account(Schema):
    """An account as its owner sees it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    scope: str = Field(description="What the account may do, separated by spaces.")


class TokenRequest(Schema):
    """What OAuth sends to log in, or to stay logged in; other fields of it are ignored."""

    grant_type: Literal["password", "refresh_token"] = "password"
    username: str | None = Field(default=None, max_length=254)
    password: AnyPassword | None = None
    refresh_token: str | None = Field(default=None, max_length=200)

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.grant_type == "refresh_token" and self.refresh_token is None:
            raise ValueError("the grant needs a refresh_token")
        if self.grant_type == "password" and (self.username is None or self.password is None):
            raise ValueError("the grant needs a username and a password")
        return self


class TokenPair(Schema):
    """What a client shows with each request, and what it renews that with, once."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  # its kind, no secret
    expires_in: int = Field(description="The seconds for which the access token is valid.")
    refresh_token: str
