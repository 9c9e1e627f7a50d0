"""Security events in the output of commands."""

import json
from typing import Any

from click.testing import Result


def security_events(result: Result) -> list[dict[str, Any]]:
    """Return the security events that a command has logged."""
    lines = [json.loads(line) for line in result.stderr.splitlines() if line.startswith("{")]
    return [line for line in lines if line["message"] == "security"]
