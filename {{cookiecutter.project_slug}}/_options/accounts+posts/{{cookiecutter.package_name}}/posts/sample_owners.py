"""Owners of sample posts."""

from sqlalchemy.orm import Session

from ..accounts import service

EMAIL = "alice@example.com"


def get_owners(session: Session) -> tuple[list[str], str]:
    """Return the owners of sample posts, and a note for the operator: how to log in as their owner."""
    user, password = service.find_or_create(session, EMAIL)
    if password is None:
        return [str(user.id)], f"They belong to {EMAIL}; `users reset-password` sets a password."
    return [str(user.id)], f"Log in as {EMAIL} with the password {password}"
