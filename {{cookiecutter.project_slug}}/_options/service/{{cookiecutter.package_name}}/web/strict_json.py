"""JSON as https://www.rfc-editor.org/rfc/rfc8259 wants it: names are unique, and NaN is no number."""

import json
from collections.abc import Sequence
from typing import Any, NoReturn


def loads(content: bytes) -> Any:
    """Parse a document; raise ValueError where it is none, RecursionError where it is too deep."""
    return json.loads(content, object_pairs_hook=to_dict, parse_constant=refuse)


def to_dict(members: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its members; two of one name are a ValueError: readers would differ."""
    made = dict(members)
    if len(made) < len(members):
        raise ValueError("a name occurs twice")
    return made


def refuse(constant: str) -> NoReturn:
    """Refuse what Python reads, and JSON has not."""
    raise ValueError(f"{constant} is no JSON")
