"""Posts are owned by the account that creates them; requests contain no owner."""

OWNER: dict[str, str] = {}
# The statements that verify an access token, before those of posts.
AUTHENTICATION_STATEMENTS = ["SELECT"]
