"""Serve a project with the endpoints of `tests/extended/`, by the project's own server."""

import shutil
from pathlib import Path

from tests.support.environments import environment
from tests.support.interpreters import PYTHONS
from tests.support.server import Server
from tests.support.variants import Variant

EXTENDED = Path(__file__).parent / "extended"
# Settings of accounts, which services without them ignore: people may register and log in as often as tests do.
OFTEN = "1000 per second"
LIMITS = ("ACCOUNT_FROM_ADDRESS_LIMIT", "ADDRESS_LIMIT", "ACCOUNT_LIMIT", "EMAIL_LIMIT")
OPEN = {"REGISTRATION": "true", **dict.fromkeys(LIMITS, OFTEN)}
SECRET_KEY = "only for these services of the tests"


def extended_server(
    project: Path, framework: str, command: str = "serve", python: str = PYTHONS[0], **settings: str
) -> Server:
    """Return a server for the extended service; what it is set to besides a secret is up to the caller."""
    extend(project, framework)
    return Server(
        f"python serve_app.py extended:app {command}",
        folder=project,
        binaries=environment(project, python),
        **{"ENVIRONMENT": "test", "SECRET_KEY": SECRET_KEY, **OPEN, **settings},
    )


def extend(project: Path, framework: str) -> None:
    """Add the endpoints to a project, as a module that builds the application."""
    shutil.copy(EXTENDED / "things.py", project)
    shutil.copy(EXTENDED / "serve_app.py", project)
    shutil.copy(EXTENDED / "document.py", project)
    shutil.copy(EXTENDED / f"{framework}.py", project / "extended.py")


def framework_of(variant: Variant) -> str:
    return str(variant.answers["framework"])
