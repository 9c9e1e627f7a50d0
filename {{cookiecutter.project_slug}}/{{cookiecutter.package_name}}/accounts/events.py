"""The trail of what concerns security: lines of the log, without secrets and without addresses."""

import logging
from uuid import UUID

logger = logging.getLogger(__name__)


def note(event: str, user_id: UUID | None = None, login_id: UUID | None = None) -> None:
    """Log an event, and whom it concerns, where that is known."""
    known = {"event": event, "user_id": user_id, "login_id": login_id}
    logger.info("security", extra={name: each for name, each in known.items() if each})
