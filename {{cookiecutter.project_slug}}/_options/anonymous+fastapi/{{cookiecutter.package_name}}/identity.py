"""The identity of the client: unknown. Authenticate clients here."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends

# For `openapi_extra` of an endpoint that takes an OptionalSubject.
OPTIONAL_SECURITY: dict[str, Any] | None = None


async def subject() -> str | None:
    """Return who the client is, as far as that is known."""
    return None


Subject = Annotated[str | None, Depends(subject)]
OptionalSubject = Subject


def stream_subject(scope: str) -> Callable[[], Awaitable[str | None]]:
    """Accept every client, whatever the scope."""
    return subject
