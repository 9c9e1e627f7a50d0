"""Scopes: the permissions that an account can have; this table is the only place that declares them."""

SCOPES: dict[str, str] = {
    # Each name, and what it permits.
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
