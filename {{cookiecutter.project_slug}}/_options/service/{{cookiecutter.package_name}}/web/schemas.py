"""Base schema, and schemas that all domains share."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

Outcome = Literal["ok", "failed", "timeout"]


class Schema(BaseModel):
    """Base class of all schemas; validation errors hide the input, because they may be logged."""

    model_config = ConfigDict(hide_input_in_errors=True)


class Liveness(Schema):
    """Response body of the liveness probe."""

    status: Literal["ok"] = "ok"


class Readiness(Schema):
    """Response body of the readiness probe: the outcome of each check."""

    status: Literal["ok", "unavailable"]
    checks: dict[str, Outcome]

    @classmethod
    def of(cls, checks: dict[str, Outcome]) -> Self:
        """Return the summary of the outcomes: `ok` if all checks are."""
        ready = all(outcome == "ok" for outcome in checks.values())
        return cls(status="ok" if ready else "unavailable", checks=checks)
