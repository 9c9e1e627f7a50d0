"""What the about endpoint sends."""

from pydantic import BaseModel


class About(BaseModel):
    """What is running here."""

    name: str
    version: str
    environment: str
