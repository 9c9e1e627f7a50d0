"""Whose a post is: whoever writes it says so."""

OWNER = {"owner": "alice"}
# What is asked of the database before anything is asked about posts.
BEFORE: list[str] = []
