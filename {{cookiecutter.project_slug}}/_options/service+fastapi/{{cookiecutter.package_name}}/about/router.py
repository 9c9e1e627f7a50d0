"""Endpoint of the about domain."""

from fastapi import APIRouter

from ..web.dependencies import SettingsDep
from ..web.requests import StrictRoute
from . import service
from .schemas import About

router = APIRouter(prefix="/about", tags=["about"], route_class=StrictRoute)


@router.get("")
async def read_about(settings: SettingsDep) -> About:
    """Return the name, the version and the environment of the service."""
    return service.describe(settings)
