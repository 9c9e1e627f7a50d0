"""Owners of sample posts."""

from sqlalchemy.orm import Session

AUTHORS = ["alice", "bob", "carol", "dave", "erin", "frank"]


def get_owners(session: Session) -> tuple[list[str], str]:
    """Return the owners of sample posts, and a note for the operator."""
    return AUTHORS, ""
