"""Requests contain the owner of a post."""

# The statuses of errors in the OpenAPI document.
AUTHENTICATION_ERRORS: list[str] = []
OWNERSHIP_ERRORS: list[str] = []
OWNER = {"owner": "alice"}
# The statements before those of posts: without authentication, none.
AUTHENTICATION_STATEMENTS: list[str] = []
