# mypy: ignore-errors
from .shared.sentry import (
    test_nothing_is_reported_without_a_dsn,
    test_unhandled_error_is_reported_once_with_the_id_of_the_request,
    transport,
)

__all__ = [
    "test_nothing_is_reported_without_a_dsn",
    "test_unhandled_error_is_reported_once_with_the_id_of_the_request",
    "transport",
]
