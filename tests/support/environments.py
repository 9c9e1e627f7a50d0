"""The interpreters of this machine, and environments that hold everything a generated project needs."""

import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock
from uv import find_uv_bin

BINARIES = "Scripts" if os.name == "nt" else "bin"
# The scripts in an environment name the folder that they were made in: it must not be a link that goes away.
CACHE = (Path(__file__).parents[2] / ".cache").resolve() / "environments"
OLDEST = (3, 11)
# What was found, for the processes that this one starts: to look for interpreters takes two seconds.
FOUND = "TEMPLATE_TESTS_INTERPRETERS"


@functools.cache
def interpreters() -> dict[str, Path]:
    """Find every Python from 3.11 on by running it: `{"3.11": path, …}`, the newest patch release of each."""
    if FOUND not in os.environ:
        found: dict[str, tuple[tuple[int, ...], str]] = {}
        for path in dict.fromkeys(candidates()):
            version = version_of(path)
            if version and version[:2] >= OLDEST:
                minor = "{}.{}".format(*version)
                found[minor] = max(found.get(minor, (version, str(path))), (version, str(path)))
        os.environ[FOUND] = json.dumps({"{}.{}".format(*version): path for version, path in sorted(found.values())})
    return {minor: Path(path) for minor, path in json.loads(os.environ[FOUND]).items()}


def candidates() -> Iterator[Path]:
    """Give what may be an interpreter: this one, those on the path, those beside this one, those of pyenv or uv."""
    yield Path(sys.executable).resolve()
    folders = os.environ.get("PATH", "").split(os.pathsep)
    pyenv, uvs = Path.home() / ".pyenv" / "versions", Path.home() / ".local" / "share" / "uv" / "python"
    homes = [Path(sys.base_prefix).resolve().parent, pyenv, uvs]
    folders += [str(binaries) for home in homes for binaries in sorted(home.glob("*/bin"))]
    for folder in folders:
        yield from sorted(path.resolve() for path in Path(folder).glob("python3.[0-9][0-9]"))


def version_of(interpreter: Path) -> tuple[int, ...] | None:
    """Return (major, minor, micro), or None for one that fails, as the shims of pyenv do."""
    code = "import sys, venv; print(*sys.version_info[:3])"
    try:
        answer = subprocess.run([interpreter, "-I", "-c", code], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return tuple(map(int, answer.stdout.split())) if answer.returncode == 0 else None


def environment(project: Path, python: str, *more: str) -> Path:
    """Return where the commands are of an environment with all that the project depends on, but not the project itself.

    It is made once for each list of dependencies, and kept in `.cache`. DEPENDENCIES=newest in the environment takes off
    the upper bounds, to see what a major version will break.
    """
    with project.joinpath("pyproject.toml").open("rb") as file:
        metadata = tomllib.load(file)
    requirements = [*metadata["project"]["dependencies"], *metadata["dependency-groups"]["dev"], *more]
    if os.environ.get("DEPENDENCIES") == "newest":
        requirements = [re.sub(r",<[^,]*$", "", requirement) for requirement in requirements]
    interpreter = interpreters()[python]
    key = hashlib.sha256(repr((requirements, str(interpreter))).encode()).hexdigest()[:12]
    path = CACHE / f"{python}-{key}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"):
        if not (path / "ready").exists():
            shutil.rmtree(path, ignore_errors=True)
            uv("venv", "--python", str(interpreter), str(path))
            # Hundreds of processes will start there: compiled once, they start in a fourth of the time.
            uv("pip", "install", "--compile-bytecode", "--python", str(path / BINARIES / "python"), *requirements)
            (path / "ready").touch()
    return path / BINARIES


def uv(*arguments: str) -> None:
    """Run uv, which trusts the machine's certificates; what it says is part of the error, if there is one."""
    settings = {"UV_SYSTEM_CERTS": "true"} | os.environ | {"UV_NO_PROGRESS": "true"}
    done = subprocess.run([find_uv_bin(), *arguments], env=settings, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"uv {' '.join(arguments)}\n{done.stderr}")


PYTHONS = list(interpreters())
