"""The identity of the client: unknown. Authenticate clients here."""

from collections.abc import Callable


def subject() -> str | None:
    """Return who the client is, as far as that is known."""
    return None


optional_subject = subject


def stream_subject(scope: str) -> Callable[[], str | None]:
    """Accept every client, whatever the scope."""
    return subject
