"""The identity of the client: unknown. Authenticate clients here."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends

# The statuses of the errors of `stream_subject`, in addition to 401.
STREAM_PROBLEMS: tuple[int, ...] = ()


async def subject() -> str | None:
    """Return who the client is, as far as that is known."""
    return None


Subject = Annotated[str | None, Depends(subject)]
OptionalSubject = Subject


def stream_subject(scope: str) -> Callable[[], Awaitable[str | None]]:
    """Accept every client, whatever the scope."""
    return subject
