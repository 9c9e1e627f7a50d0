"""Scopes: the permissions that an account can have."""

SCOPES: dict[str, str] = {
    # The name of each scope, and its description in the OpenAPI document.
    # {% if "posts" in cookiecutter.__facts %}
    "posts:export": "Export all posts.",
    # {% endif %}
}


def validate_scope(scope: str) -> str:
    """Return the scope; raise ValueError if it is not declared."""
    if scope not in SCOPES:
        known = ", ".join(SCOPES) or "none"
        raise ValueError(f"{scope!r} is not a scope; accounts/scopes.py declares: {known}")
    return scope
