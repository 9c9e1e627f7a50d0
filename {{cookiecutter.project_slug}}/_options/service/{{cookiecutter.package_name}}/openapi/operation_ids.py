"""Unique ids of the operations of an OpenAPI document."""

from collections import Counter
from collections.abc import Mapping
from typing import Any


def make_unique(paths: Mapping[str, Mapping[str, dict[str, Any]]]) -> None:
    """Add the method to an id that a path has twice, and the path to an id that an earlier path has.

    So a new path, of a second version for example, does not change the ids of the others.
    """
    used: set[str] = set()
    for path, operations in paths.items():
        ids = Counter(operation["operationId"] for operation in operations.values())
        for method, operation in operations.items():
            operation_id = operation["operationId"]
            if ids[operation_id] > 1:
                operation["operationId"] += f".{method}"
            if operation_id in used:
                operation["operationId"] += path
        used |= ids.keys()
