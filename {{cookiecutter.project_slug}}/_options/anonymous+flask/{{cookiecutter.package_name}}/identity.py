"""The identity of the client: unknown, as this service has no accounts. Authenticate clients here."""

from collections.abc import Callable


def subject() -> str | None:
    """Return who the client is, as far as that is known."""
    return None


optional_subject = subject


def stream_subject(scope: str) -> Callable[[], str | None]:
    """Accept every client: without accounts there are no scopes."""
    return subject
