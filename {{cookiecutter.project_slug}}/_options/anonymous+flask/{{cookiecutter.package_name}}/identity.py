"""The identity of the client: unknown. Authenticate clients here."""

from collections.abc import Callable

# The statuses of the errors of `stream_subject`, in addition to 401.
STREAM_PROBLEMS: tuple[int, ...] = ()


def subject() -> str | None:
    """Return who the client is, as far as that is known."""
    return None


optional_subject = subject


def stream_subject(scope: str) -> Callable[[], str | None]:
    """Accept every client, whatever the scope."""
    return subject
