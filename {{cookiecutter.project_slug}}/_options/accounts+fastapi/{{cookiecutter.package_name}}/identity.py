"""The identity of the client: the account of its token. Domains depend on this and not on accounts."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends

from .accounts.dependencies import ActiveUser, MaybeUser, detached_user, scoped
from .accounts.models import User

# The statuses of the errors of `stream_subject`, in addition to 401.
STREAM_PROBLEMS = (403,)


async def subject(user: ActiveUser) -> str:
    """Return the id of the client's account, or respond 401."""
    return str(user.id)


Subject = Annotated[str, Depends(subject)]


async def optional_subject(user: MaybeUser) -> str | None:
    """Return the id of the client's account, None without a token, or respond 401 to an invalid one."""
    return str(user.id) if user else None


OptionalSubject = Annotated[str | None, Depends(optional_subject)]


def stream_subject(scope: str) -> Callable[[User], Awaitable[str]]:
    """Require a scope for a stream; the account is read in a session that ends before the stream begins."""

    async def scoped_subject(user: Annotated[User, Depends(scoped(scope, detached_user))]) -> str:
        return str(user.id)

    return scoped_subject
