"""What the about endpoint sends."""

from ..web.schemas import Schema


class About(Schema):
    """What is running here."""

    name: str
    version: str
    environment: str
