"""The about endpoint."""

from fastapi import APIRouter, Request
from pydantic import BaseModel

router = APIRouter(prefix="/about", tags=["about"])


class About(BaseModel):
    """Response body of the about endpoint."""

    name: str
    environment: str


@router.get("")
async def read_about(request: Request) -> About:
    """Return the name and the environment of the service."""
    settings = request.app.state.settings
    return About(name="{{ cookiecutter.project_slug }}", environment=settings.environment)
