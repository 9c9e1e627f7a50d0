"""Security events of accounts."""

from uuid import UUID

from ..observability.audit_log import log_event


def note(event: str, user_id: UUID | None = None, login_id: UUID | None = None) -> None:
    """Log an event with the ids that are known."""
    known = {"user_id": user_id, "login_id": login_id}
    log_event(event, **{name: each for name, each in known.items() if each})
