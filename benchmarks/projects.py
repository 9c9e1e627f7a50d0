"""Where to render, and rendered projects to measure."""

import json
import os
import secrets
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import Run, run
from tests.support.databases import database_of
from tests.support.environments import environment
from tests.support.rendering import FRAMEWORKS, Workplace
from tests.support.server import Server

PACKAGE = "my_service"
# The answers that turn everything on.
EVERYTHING = {"database": "postgresql", "example": "posts"}
# The projects run on the Python that the benchmarks run on.
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
# How projects are served in production, and how the same server runs a module with another app; Flask's has it as `asgi`
# too, in the threads of the project's own adapter.
SERVE = f"python -m {PACKAGE} serve"
SERVE_MODULE = {
    "fastapi": "uvicorn --port {port} --no-access-log MODULE:app",
    "flask": "uvicorn --port {port} --no-access-log --lifespan off MODULE:asgi",
}
# Their app with routes that only a benchmark asks for: the modules are on the path where PYTHONPATH names the folder.
EXTENDED = Path(__file__).parent / "extended"
EXTENDED_MODULE = {"fastapi": "extended_asgi", "flask": "extended_wsgi"}
# What others serve with, and projects do not depend on.
UVICORN = "uvicorn[standard]>=0.54,<0.55"
GUNICORN = "gunicorn>=27,<28"
GRANIAN = "granian[uvloop]>=2.8,<3"
# What handlers are written with by hand, below a framework that the project may not have.
ASYNCPG = "asyncpg>=0.32,<0.33"
FASTAPI = "fastapi>=0.165,<0.166"


def serve_module(framework: str, module: str) -> str:
    """Return the command that serves a module as projects are served, without a log."""
    return SERVE_MODULE[framework].replace("MODULE", module)


class Project(NamedTuple):
    """A rendered project, and an interpreter with its dependencies but without the project itself.

    Its environment names a database that its migrations have made, where it has one.
    """

    framework: str
    answers: dict[str, str]
    path: Path
    interpreter: Path
    environment: dict[str, str]

    @property
    def name(self) -> str:
        """Return the framework, and what was chosen besides."""
        database = self.answers["database"]
        chosen = "without a database" if database == "none" else f"with {database} and {self.answers['example']}"
        accounts = " and accounts" if self.answers.get("auth") == "accounts" else ""
        return f"{self.framework} {chosen}{accounts}"

    def using(self, url: str) -> "Project":
        """Return the same project with another database."""
        return self._replace(environment=self.environment | {"DATABASE_URL": url})

    def python(self, *arguments: str) -> Run:
        """Run the interpreter in the project's folder; the settings of the machine do not reach it."""
        return run([str(self.interpreter), *arguments], cwd=self.path, env=self.environment)

    def server(self, command: str, *more: str, folder: Path | None = None, **settings: str) -> Server:
        """Make a server in production, of one worker, that has what the project depends on at run time, and more.

        It is started in the project's folder, unless another one is given.
        """
        binaries = self.runtime(*more)
        server = Server(command, folder=folder or self.path, binaries=binaries)
        server.environment = {
            **self.environment,
            "PATH": os.pathsep.join([str(binaries), self.environment["PATH"]]),
            "PORT": str(server.port),
            "ENVIRONMENT": "production",
            "SECRET_KEY": secrets.token_urlsafe(32),
            "ALLOWED_HOSTS": "127.0.0.1",
            **settings,
        }
        return server

    def runtime(self, *more: str) -> Path:
        """Return where the commands are of an environment without tools for development."""
        metadata = tomllib.loads((self.path / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        with tempfile.TemporaryDirectory() as folder:
            dependencies = json.dumps(metadata["dependencies"])
            text = f"[project]\ndependencies = {dependencies}\n[dependency-groups]\ndev = []\n"
            (Path(folder) / "pyproject.toml").write_text(text, encoding="utf-8")
            return environment(Path(folder), PYTHON, *more)


def workplace_in(folder: str) -> Workplace:
    """Make a place to render in that is gone with the folder, the copies of hooks that cookiecutter leaves as well."""
    workplace = Workplace(Path(folder) / "workplace")
    workplace.environment["TMPDIR"] = folder
    return workplace


def projects(**answers: str) -> Iterator[Project]:
    """Render a project for each framework, which lasts until the next one is asked for; answers may turn things off."""
    answers = EVERYTHING | answers
    for framework in FRAMEWORKS:
        with tempfile.TemporaryDirectory() as folder:
            workplace = workplace_in(folder)
            path = workplace.render(framework=framework, package_name=PACKAGE, **answers)
            interpreter = environment(path, PYTHON) / "python"
            settings = workplace.environment | database_of(path)
            yield Project(framework, answers, path, interpreter, settings)
