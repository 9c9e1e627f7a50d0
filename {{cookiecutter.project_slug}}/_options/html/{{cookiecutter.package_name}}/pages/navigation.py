"""The navigation of all pages, and the names that their templates know."""

from ..config import Settings
from ..metadata import DESCRIPTION, NAME

NAVIGATION: list[tuple[str, str]] = [
    # The endpoint and the label of each entry.
    # {% if "post_pages" in cookiecutter.__facts %}
    ("pages.posts.list_posts", "Posts"),
    # {% endif %}
]


def template_globals(settings: Settings) -> dict[str, object]:
    """Return the variables of all templates."""
    return {
        "service_name": NAME,
        "description": DESCRIPTION,
        "docs_url": f"{settings.root_path}/docs" if settings.shows_docs else None,
        "navigation": NAVIGATION,
    }
