# mypy: ignore-errors
"""The page of posts as one would write it by hand; what both frameworks have in common: the templates of the project."""

from pathlib import Path

from jinja2 import FileSystemLoader
from my_service.metadata import DESCRIPTION, NAME
from my_service.pages import assets, navigation

FOLDER = Path(assets.__file__).parent
LOADER = FileSystemLoader(FOLDER / "templates")
DIGESTS = {path.name: assets.digest_of(path.name) for path in (FOLDER / "static").iterdir()}
GLOBALS = {
    "service_name": NAME,
    "description": DESCRIPTION,
    "navigation": navigation.NAVIGATION,
    "static_url": lambda name: f"/static/{name}?v={DIGESTS[name]}",
}
