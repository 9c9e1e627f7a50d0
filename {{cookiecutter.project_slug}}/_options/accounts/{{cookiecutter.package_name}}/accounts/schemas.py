"""Request and response bodies of accounts."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    Secret,
    StringConstraints,
    ValidationError,
    model_validator,
)

from ..web.schemas import Schema
from .exceptions import InvalidTokenRequest, UnsupportedGrantType


def normalise_email(address: str) -> str:
    """Return an e-mail address in lower case, with its domain in ASCII; raise ValueError if it is invalid.

    The ASCII form (punycode) tells apart domains whose letters look alike.
    """
    try:
        valid = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise ValueError("must be an e-mail address") from None
    return f"{valid.ascii_local_part}@{valid.ascii_domain}".lower()


def parse_email(username: str) -> str | None:
    """Return the normalised e-mail address of a user name, or None if it is invalid."""
    try:
        return normalise_email(username)
    except ValueError:
        return None


Email = Annotated[
    str,
    Field(max_length=254, json_schema_extra={"format": "email"}),
    AfterValidator(normalise_email),
]
# Not SecretStr, whose error messages count items in place of characters.
HIDDEN = Field(json_schema_extra={"format": "password", "writeOnly": True})
AnyPassword = Annotated[Secret[Annotated[str, StringConstraints(max_length=1024)]], HIDDEN]
# Its strength depends on the e-mail address, and is checked when it is hashed.
Password = Annotated[
    Secret[Annotated[str, StringConstraints(min_length=12, max_length=1024)]], HIDDEN
]


class Registration(Schema, extra="forbid"):
    """Request body for creating an account."""

    email: Email
    password: Password


class PasswordChange(Schema, extra="forbid"):
    """Request body for changing the password."""

    current_password: AnyPassword
    new_password: Password


class Account(Schema):
    """Response body: an account, for its owner."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    scope: str = Field(description="Scopes of the account, separated by spaces.")


class TokenRequest(Schema):
    """OAuth token request (RFC 6749, 4.3 and 6); other fields are ignored."""

    grant_type: Literal["password", "refresh_token"] = "password"
    username: str | None = Field(default=None, max_length=254)
    password: AnyPassword | None = None
    refresh_token: str | None = Field(default=None, max_length=200)

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.grant_type == "refresh_token" and self.refresh_token is None:
            raise ValueError("grant_type refresh_token requires a refresh_token")
        if self.grant_type == "password" and (self.username is None or self.password is None):
            raise ValueError("grant_type password requires a username and a password")
        return self

    # Declared last, so that it contains the validator above.
    @model_validator(mode="wrap")
    @classmethod
    def _raise_errors_of_oauth(cls, form: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return validate(form)
        except ValidationError as error:
            errors = error.errors()
        is_unknown_grant = any(each["loc"] == ("grant_type",) for each in errors)
        raise (UnsupportedGrantType if is_unknown_grant else InvalidTokenRequest)(errors)


class TokenPair(Schema):
    """OAuth token response: an access token, and a refresh token that can be used once."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  # a constant of OAuth, not a secret
    expires_in: int = Field(description="Seconds until the access token expires.")
    refresh_token: str
