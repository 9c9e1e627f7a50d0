"""Settings of the metrics."""

import re

from pydantic import BaseModel, Field, SecretStr, ValidationInfo, field_validator

from ..validators import is_deployed, validate_secret


class MetricsSettings(BaseModel):
    """Settings of the metrics."""

    metrics_token: SecretStr | None = Field(
        None,
        description="bearer token of the scrapers of /metrics, at least 32 random characters; without one /metrics exists in development only",
    )

    @field_validator("metrics_token")
    @classmethod
    def _reject_guessable_tokens_outside_development(
        cls, token: SecretStr | None, info: ValidationInfo
    ) -> SecretStr | None:
        if token is not None and not re.fullmatch("[!-~]+", token.get_secret_value()):
            raise ValueError(
                "must consist of visible ASCII characters, because it is sent in a header"
            )
        if token is not None and is_deployed(info):
            validate_secret(token.get_secret_value())
        return token
