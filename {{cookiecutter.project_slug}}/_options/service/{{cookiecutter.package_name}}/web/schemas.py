"""Base schema, and schemas that all domains share."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field

Outcome = Literal["ok", "failed", "timeout"]


class Schema(BaseModel):
    """Base class of all schemas; validation errors hide the input, because they may be logged."""

    model_config = ConfigDict(hide_input_in_errors=True)


class Liveness(Schema):
    """Response body of the liveness probe."""

    status: Literal["ok"] = "ok"


class CheckResult(NamedTuple):
    """The outcome of a readiness check, and the reason of a failure if it may be shown."""

    outcome: Outcome
    reason: str = ""


class Readiness(Schema):
    """Response body of the readiness probe: the outcome of each check."""

    status: Literal["ok", "unavailable"]
    checks: dict[str, Outcome]
    reasons: dict[str, str] = Field(description="Why checks have failed, if they say so.")

    @classmethod
    def of(cls, results: Mapping[str, CheckResult]) -> Self:
        """Return the summary of the results: `ok` if all outcomes are."""
        ready = all(result.outcome == "ok" for result in results.values())
        return cls(
            status="ok" if ready else "unavailable",
            checks={name: result.outcome for name, result in results.items()},
            reasons={name: result.reason for name, result in results.items() if result.reason},
        )
