"""The interpreters of this machine: every Python that generated projects support."""

import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

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


PYTHONS = list(interpreters())
