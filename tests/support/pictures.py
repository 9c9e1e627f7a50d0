"""The pictures of pages in the documentation, and whether they show the pages as they are."""

import hashlib

from tests.support.journey import ANSWERS
from tests.support.rendering import TEMPLATE
from tests.support.template import compiled

FOLDER = TEMPLATE / "docs" / "pictures"
DIGEST = FOLDER / "pages.sha256"
# The names of pages of the journey.
PICTURES = ("posts", "post", "registration with an error", "conflict", "account")


def path_of(name: str, kind: str) -> str:
    """Return the path of a picture: `docs/pictures/conflict-dark.png`."""
    return str(FOLDER / f"{name.replace(' ', '-')}-{kind}.png")


def digest() -> str:
    """Return the digest of everything that pages are made of: templates and static files."""
    rendered = compiled().render({"framework": "fastapi", **ANSWERS})
    parts = sorted((path, text) for path, text in rendered.items() if "/pages/templates/" in path or "/static/" in path)
    assert parts
    return hashlib.sha256(repr(parts).encode()).hexdigest()
