"""What goes over the wire outside any domain."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

Outcome = Literal["ok", "failed", "timeout"]


class Schema(BaseModel):
    """What schemas have in common: an error that ends up in a log does not tell what was sent."""

    model_config = ConfigDict(hide_input_in_errors=True)


class Liveness(Schema):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(Schema):
    """Whether the service can do its work, and what each check found."""

    status: Literal["ok", "unavailable"]
    checks: dict[str, Outcome]

    @classmethod
    def of(cls, checks: dict[str, Outcome]) -> Self:
        """Summarise the outcome of each check: ready when none failed or timed out."""
        ready = all(outcome == "ok" for outcome in checks.values())
        return cls(status="ok" if ready else "unavailable", checks=checks)
