"""Requests contain the owner of a post."""

OWNER = {"owner": "alice"}
# The statements before those of posts: without authentication, none.
AUTHENTICATION_STATEMENTS: list[str] = []
