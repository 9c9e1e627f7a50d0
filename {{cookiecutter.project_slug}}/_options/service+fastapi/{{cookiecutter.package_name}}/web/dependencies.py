"""What an endpoint may ask for, whatever its domain."""

from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.requests import HTTPConnection

from ..config import Settings


def init_app(app: FastAPI, settings: Settings) -> None:
    """Keep the settings on the application that they were given to."""
    app.state.settings = settings


async def get_settings(connection: HTTPConnection) -> Settings:
    """Return the settings of the application that answers this request."""
    settings: Settings = connection.app.state.settings
    return settings


SettingsDep = Annotated[Settings, Depends(get_settings)]
