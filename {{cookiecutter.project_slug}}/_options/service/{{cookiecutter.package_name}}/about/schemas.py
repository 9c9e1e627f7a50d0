"""Response body of the about endpoint."""

from ..web.schemas import Schema


class About(Schema):
    """The running service."""

    name: str
    version: str
    environment: str
