"""Dependencies that endpoints of all domains share."""

from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.requests import HTTPConnection

from ..config import Settings


def init_app(app: FastAPI, settings: Settings) -> None:
    """Store the settings on the application."""
    app.state.settings = settings


async def get_settings(connection: HTTPConnection) -> Settings:
    """Return the settings of the application that processes the request."""
    settings: Settings = connection.app.state.settings
    return settings


SettingsDep = Annotated[Settings, Depends(get_settings)]
