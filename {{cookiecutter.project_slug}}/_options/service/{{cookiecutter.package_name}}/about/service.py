"""Description of the running service."""

from ..config import Settings
from ..metadata import NAME, VERSION
from .schemas import About


def describe(settings: Settings) -> About:
    """Return the name, the version and the environment of the service."""
    return About(name=NAME, version=VERSION, environment=settings.environment)
