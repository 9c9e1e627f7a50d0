"""What the service knows about itself."""

from ..config import Settings
from ..metadata import NAME, VERSION
from .schemas import About


def describe(settings: Settings) -> About:
    """Name the service, its version and the environment it runs in."""
    return About(name=NAME, version=VERSION, environment=settings.environment)
