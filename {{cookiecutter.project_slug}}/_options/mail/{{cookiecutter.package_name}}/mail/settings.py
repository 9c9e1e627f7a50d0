"""Settings of mail."""

import re
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, ValidationInfo, field_validator

from ..validators import is_deployed

# The schemes, and their ports.
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
FILES = "file:instance/mail"
ACCEPTED = "smtp+starttls://user:password@host:587, smtps://…, smtp://host or file:folder"
SENDER = "no-reply@localhost"
# An address, and an address with or without a name.
ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"
NAMED_ADDRESS = rf'{ADDRESS}|[^\x00-\x1f<>"@,;:\\()\[\]]+ <{ADDRESS}>'


class MailSettings(BaseModel):
    """Settings of the mail that the service sends."""

    mail_url: SecretStr = Field(
        SecretStr(FILES),
        validate_default=True,
        description="server of outgoing mail, such as `smtp+starttls://user:password@host:587`, `smtps://…`, or `smtp://host` without encryption; in development a folder of files; required in staging and production",
    )
    mail_from: str = Field(
        SENDER,
        validate_default=True,
        description="address of the sender, such as `My Service <no-reply@example.com>`; required in staging and production",
    )

    @field_validator("mail_url")
    @classmethod
    def _is_a_safe_server(cls, mail_url: SecretStr, info: ValidationInfo) -> SecretStr:
        url = mail_url.get_secret_value()
        if url.startswith("file:") and url != "file:":
            if is_served(info):
                raise ValueError(f"is required: {ACCEPTED.removesuffix(' or file:folder')}")
            return mail_url
        try:
            parts = urlsplit(url)
            is_valid = bool(parts.scheme in PORTS and parts.hostname and parts.port != 0)
        except ValueError:
            # The message of the library would repeat a part of the URL.
            is_valid = False
        if not is_valid or parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError(f"must be {ACCEPTED}; encode special characters, such as @ as %40")
        if (parts.username is None) is not (parts.password is None):
            raise ValueError("must contain a user and a password, or neither")
        if parts.scheme == "smtp" and parts.password and is_deployed(info):
            raise ValueError(
                "must not send a password without encryption: use smtp+starttls:// or smtps://"
            )
        return mail_url

    @field_validator("mail_from")
    @classmethod
    def _is_one_address(cls, mail_from: str, info: ValidationInfo) -> str:
        if mail_from == SENDER and is_served(info):
            raise ValueError("is required: the address of the sender")
        if not re.fullmatch(NAMED_ADDRESS, mail_from):
            raise ValueError("must be one address, such as My Service <no-reply@example.com>")
        return mail_from


def is_served(info: ValidationInfo) -> bool:
    """Return whether the environment is staging or production."""
    return info.data.get("environment") in ("staging", "production")
