"""The identity of the client: the account of its token. Domains depend on this and not on accounts."""

from collections.abc import Callable

from .accounts.dependencies import active_user, detached_user, maybe_user, scoped

# The statuses of the errors of `stream_subject`, in addition to 401.
STREAM_PROBLEMS = (403,)


def subject() -> str:
    """Return the id of the client's account, or respond 401."""
    return str(active_user().id)


def optional_subject() -> str | None:
    """Return the id of the client's account, None without a token, or respond 401 to an invalid one."""
    user = maybe_user()
    return str(user.id) if user else None


def stream_subject(scope: str) -> Callable[[], str]:
    """Require a scope for a stream; the account is read in a session that ends before the stream begins."""
    scoped_user = scoped(scope, detached_user)

    def scoped_subject() -> str:
        return str(scoped_user().id)

    return scoped_subject
