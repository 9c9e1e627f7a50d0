"""Whose a post is: the account that writes it, which nobody has to say."""

OWNER: dict[str, str] = {}
# Asked of the database before posts, with each token: whether it is valid, and whose it is.
BEFORE = ["SELECT"]
