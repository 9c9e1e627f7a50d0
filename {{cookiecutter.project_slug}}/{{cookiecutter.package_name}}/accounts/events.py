"""The trail of what concerns security: lines of the log, without secrets and without addresses."""

import logging
from uuid import UUID

from ..command_context import operator

logger = logging.getLogger(__name__)


def note(event: str, user_id: UUID | None = None, login_id: UUID | None = None) -> None:
    """Log an event with the ids that are known and, if a command causes it, the command and its operator."""
    known = {"event": event, "user_id": user_id, "login_id": login_id}
    extra = {name: each for name, each in known.items() if each}
    logger.info("security", extra={**extra, **operator()})
