"""Settings of the e-mails of accounts."""

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from .settings import Limit

# {% if "recovery_pages" in cookiecutter.__facts %}
CLIENT_URL = "http://127.0.0.1:8000"
# {% endif %}
# {% if "recovery_pages" not in cookiecutter.__facts %}
CLIENT_URL = "http://localhost:3000"
# {% endif %}


class EmailSettings(BaseModel):
    """Settings of the e-mails of accounts: their links, and how many can be requested."""

    client_url: str = Field(
        CLIENT_URL,
        validate_default=True,
        pattern=r"^https?://([\w.-]+|\[[\dA-Fa-f:.]+\])(:\d{1,5})?(/[\w.~-]+)*$",
        description="address of the pages that links in e-mails open: CLIENT_URL/confirm-email and CLIENT_URL/reset-password; required in staging and production",
    )
    email_limit: Limit = Field(
        "3 per hour",
        description="e-mails of one kind, confirmations or resets of the password, that all clients together can request for one address",
    )

    @field_validator("client_url")
    @classmethod
    def _require_https_when_served(cls, client_url: str, info: ValidationInfo) -> str:
        if info.data.get("environment") in ("staging", "production"):
            if client_url == CLIENT_URL:
                raise ValueError("is required: the address of the pages that links in e-mails open")
            if not client_url.startswith("https://"):
                raise ValueError("must be an https:// address in staging and production")
        return client_url
