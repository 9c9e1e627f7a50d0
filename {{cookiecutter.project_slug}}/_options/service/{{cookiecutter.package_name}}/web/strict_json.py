"""Strict JSON parsing (https://www.rfc-editor.org/rfc/rfc8259): unique names, no NaN, no Infinity."""

import json
from collections.abc import Sequence
from typing import Any, NoReturn


def loads(content: bytes) -> Any:
    """Parse a document; raise ValueError if it is invalid, RecursionError if it is nested too deeply."""
    return json.loads(content, object_pairs_hook=to_dict, parse_constant=reject_constant)


def to_dict(members: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; raise ValueError for a duplicate name, which parsers interpret differently."""
    result = dict(members)
    if len(result) < len(members):
        raise ValueError("duplicate name")
    return result


def reject_constant(constant: str) -> NoReturn:
    """Raise ValueError for NaN and Infinity, which Python accepts by default."""
    raise ValueError(f"{constant} is not JSON")
