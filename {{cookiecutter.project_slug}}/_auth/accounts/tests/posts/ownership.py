"""Whose a post is: the account that writes it, which nobody has to say."""

OWNER: dict[str, str] = {}
# What is asked of the database before anything is asked about posts: whose the token is.
BEFORE = ["SELECT"]
