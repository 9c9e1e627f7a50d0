"""Environments that hold everything a generated project needs, and what runs in them."""

import functools
import hashlib
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

from filelock import FileLock
from uv import find_uv_bin

from tests.support.interpreters import interpreters
from tests.support.template import compiled
from tests.support.variants import behavioural, choices

BINARIES = "Scripts" if os.name == "nt" else "bin"
# The scripts in an environment name the folder that they were made in: it must not be a link that goes away.
CACHE = (Path(__file__).parents[2] / ".cache").resolve() / "environments"


def run(project: Path, python: str, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a Python module in a project, in an environment that has its dependencies, and expect success."""
    return run_in(environment(project, python), project, *command, **settings)


def run_in(binaries: Path, project: Path, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a Python module in a project and an environment, and expect success."""
    done = subprocess.run(
        [str(binaries / "python"), "-m", *command],
        cwd=project,
        env=os.environ | settings,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{binaries}/python -m {' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done


def environment(project: Path, python: str, *more: str) -> Path:
    """Return where the commands are of an environment with all that the project depends on, but not the project itself.

    It is that of all projects with the same framework; what a project lacks, `own_environment` shows.
    """
    return made_environment(wider(requirements(project)), python, more)


def own_environment(project: Path, python: str) -> Path:
    """Return the same for an environment with nothing else in it."""
    return made_environment(requirements(project), python, is_compiled=False)


def requirements(project: Path) -> frozenset[str]:
    """Return what a project depends on, its development included."""
    return declared((project / "pyproject.toml").read_text(encoding="utf-8"))


def declared(pyproject: str) -> frozenset[str]:
    metadata = tomllib.loads(pyproject)
    return frozenset([*metadata["project"]["dependencies"], *metadata["dependency-groups"]["dev"]])


def wider(own: frozenset[str]) -> frozenset[str]:
    """Return the requirements of all projects of a framework that has some; those themselves if none has."""
    return next((all_of_them for all_of_them in unions() if own <= all_of_them), own)


@functools.cache
def unions() -> list[frozenset[str]]:
    """Return the requirements of all projects, for each framework."""
    return [
        frozenset().union(
            *(
                declared(compiled().render(variant.answers)["pyproject.toml"])
                for variant in behavioural()
                if variant.has(f"framework={framework}")
            )
        )
        for framework in choices()["framework"]
    ]


def made_environment(
    wanted: frozenset[str], python: str, more: tuple[str, ...] = (), *, is_compiled: bool = True
) -> Path:
    """Return an environment, which is made once for each list of requirements and kept in `.cache`.

    DEPENDENCIES=newest in the environment takes off the upper bounds, to see what a major version will break.
    """
    path = place_of(wanted, python, more)
    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"):
        if not (path / "ready").exists():
            shutil.rmtree(path, ignore_errors=True)
            uv("venv", "--python", str(interpreters()[python]), str(path))
            # Where hundreds of processes will start, they start in a fourth of the time if all is compiled.
            compiled_or_not = ["--compile-bytecode"] if is_compiled else []
            interpreter = ["--python", str(path / BINARIES / "python")]
            uv("pip", "install", *compiled_or_not, *interpreter, *chosen_versions(wanted, more))
            (path / "ready").touch()
    return path / BINARIES


def place_of(wanted: frozenset[str], python: str, more: tuple[str, ...] = ()) -> Path:
    """Return the folder of an environment, whether or not it is there."""
    key = repr((chosen_versions(wanted, more), str(interpreters()[python])))
    return CACHE / f"{python}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def chosen_versions(wanted: frozenset[str], more: tuple[str, ...]) -> list[str]:
    listed = [*sorted(wanted), *more]
    if os.environ.get("DEPENDENCIES") == "newest":
        return [re.sub(r",<[^,]*$", "", requirement) for requirement in listed]
    return listed


def installed(folder: Path) -> list[str]:
    """Return the distributions in an environment, with their versions; nothing for one that is not there."""
    return sorted(path.name for path in folder.glob("lib/python*/site-packages/*.dist-info"))


def uv(*arguments: str) -> None:
    """Run uv, which trusts the machine's certificates; what it says is part of the error, if there is one."""
    settings = {"UV_SYSTEM_CERTS": "true"} | os.environ | {"UV_NO_PROGRESS": "true"}
    done = subprocess.run([find_uv_bin(), *arguments], env=settings, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"uv {' '.join(arguments)}\n{done.stderr}")
