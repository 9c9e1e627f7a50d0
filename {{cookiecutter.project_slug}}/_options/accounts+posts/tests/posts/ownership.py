"""Posts are owned by the account that creates them; requests contain no owner."""

# The statuses of errors in the OpenAPI document.
AUTHENTICATION_ERRORS, OWNERSHIP_ERRORS = ["401"], ["403"]
OWNER: dict[str, str] = {}
# The statements that verify an access token, before those of posts.
AUTHENTICATION_STATEMENTS = ["SELECT"]
