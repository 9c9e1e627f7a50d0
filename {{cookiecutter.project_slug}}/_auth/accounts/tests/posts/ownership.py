"""Whose a post is: the account that writes it, which nobody has to say."""

OWNER: dict[str, str] = {}
# What is asked of the database besides what is asked about posts, unless all of them are published: whose the token is.
BEFORE = ["SELECT"]
