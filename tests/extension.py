"""Serve a project with the endpoints of `tests/extended/`, behind the server that it has by default."""

import shutil
from pathlib import Path

from tests.environments import PYTHONS, environment
from tests.serving import Server
from tests.variants import Variant

EXTENDED = Path(__file__).parent / "extended"
INTERFACES = {"fastapi": "asgi", "flask": "wsgi --no-ws --blocking-threads 4"}
# Settings of accounts, which services without them ignore: people may register and log in as often as tests do.
OPEN = {"REGISTRATION": "true", "ACCOUNT_LIMIT": "100000 per minute", "ADDRESS_LIMIT": "100000 per minute"}
SECRET_KEY = "only for these services of the tests"


def extended_server(project: Path, framework: str, **settings: str) -> Server:
    """Return a server for the extended service; what it is set to besides a secret is up to the caller."""
    shutil.copy(EXTENDED / "things.py", project)
    shutil.copy(EXTENDED / f"{framework}.py", project / "extended.py")
    return Server(
        f"granian --interface {INTERFACES[framework]} --port {{port}} extended:app",
        folder=project,
        binaries=environment(project, PYTHONS[0]),
        **{"ENVIRONMENT": "test", "SECRET_KEY": SECRET_KEY, **OPEN, **settings},
    )


def framework_of(variant: Variant) -> str:
    return str(variant.answers["framework"])
