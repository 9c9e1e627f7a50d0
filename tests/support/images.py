"""Images built by buildah and containers run without an engine, on Linux and as root: a change of the root folder with few rights.

The base that images are built on is a Debian with Python, made once by debootstrap and kept in `.cache`.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock

from tests.support.environments import CACHE
from tests.support.server import Server

STORE = CACHE.with_name("images")
PROGRAMS = ("buildah", "debootstrap", "unshare")
BASE = "localhost/base"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CERTIFICATES = "/etc/ssl/certs:/etc/ssl/certs:ro"
# Runs a command as an engine would: the image is read-only but for `/tmp` and what is mounted, the user is that of the image.
CONTAINER = """
    mount --bind "$ROOT" "$ROOT"
    mount --rbind /dev "$ROOT/dev"
    mount -o remount,bind,ro "$ROOT"
    mount -t tmpfs tmpfs "$ROOT/tmp"
    for pair in $VOLUMES; do
        mkdir -p "$ROOT${pair#*:}"
        mount --bind "${pair%:*}" "$ROOT${pair#*:}"
    done
    exec chroot --userspec="$USER_OF_IMAGE" "$ROOT" env -i "$@"
"""


def buildah(*arguments: str | Path) -> str:
    """Run buildah on the images in `.cache`, and return what it prints."""
    storage = ["--root", STORE / "root", "--runroot", STORE / "run", "--storage-driver", "vfs"]
    command = ["buildah", *map(str, storage), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout.strip()


def make_base() -> None:
    """Make the base unless it is there."""
    if BASE in buildah("images", "--format", "{{.Name}}").splitlines():
        return
    folder = STORE / "debian"
    shutil.rmtree(folder, ignore_errors=True)
    packages = "--include=python3,python3-venv,ca-certificates"
    subprocess.run(
        ["debootstrap", "--variant=minbase", packages, "stable", str(folder)], check=True, capture_output=True
    )
    (folder / "usr/bin/python").symlink_to("python3")
    container = buildah("from", "scratch")
    buildah("copy", "--quiet", container, folder, "/")
    buildah("config", "--env", f"PATH={PATH}", container)
    buildah("commit", "--quiet", "--rm", container, BASE)
    shutil.rmtree(folder)


class Image(NamedTuple):
    """An image: the folder that it was unpacked to, and the configuration of its containers."""

    root: Path
    config: dict[str, Any]

    def command(
        self, *command: str, volumes: Mapping[str, Path], environment: Mapping[str, str]
    ) -> tuple[list[str], dict[str, str]]:
        """Return how to run a command in a container, by default its own: the command and its environment."""
        for target in volumes:
            if not target.startswith("/tmp/"):  # is there only while a container runs
                self.root.joinpath(target.lstrip("/")).mkdir(parents=True, exist_ok=True)
        variables = [*self.config["Env"], *(f"{name}={value}" for name, value in environment.items())]
        outside = {
            "PATH": os.environ["PATH"],
            "ROOT": str(self.root),
            "USER_OF_IMAGE": self.config["User"],
            "VOLUMES": " ".join(f"{source}:{target}" for target, source in volumes.items()),
        }
        inside = command or self.config["Cmd"]
        return ["unshare", "--mount", "sh", "-euc", CONTAINER, "sh", *variables, *inside], outside

    def run(self, *command: str, volumes: Mapping[str, Path], environment: Mapping[str, str]) -> str:
        """Run a command to its end, expect success, and return what it prints."""
        arguments, outside = self.command(*command, volumes=volumes, environment=environment)
        done = subprocess.run(arguments, env=outside, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def server(self, volumes: Mapping[str, Path], environment: Mapping[str, str]) -> Server:
        """Return a server that runs the command of the image."""
        server = Server("unshare", folder=self.root, binaries=Path("/usr/bin"))
        server.command, server.environment = self.command(
            volumes=volumes, environment={**environment, "PORT": str(server.port)}
        )
        return server


@contextmanager
def built(project: Path, name: str, *arguments: str) -> Iterator[Image]:
    """Build the image of a project and unpack it; only the base stays, by its own name and by that in the Dockerfile."""
    STORE.mkdir(parents=True, exist_ok=True)
    options = ["--isolation", "chroot", "--format", "docker", "--volume", CERTIFICATES]
    (base,) = re.findall(r"^FROM (\S+) AS base$", (project / "Dockerfile").read_text(), re.MULTILINE)
    with FileLock(STORE / "lock"):
        make_base()
        buildah("tag", BASE, f"localhost/{base}")
    buildah("build", "--quiet", *options, *arguments, "--tag", name, project)
    container = buildah("from", name)
    try:
        config = json.loads(buildah("inspect", "--type", "image", name))["Docker"]["config"]
        yield Image(Path(buildah("mount", container)), config)
    finally:
        buildah("rm", container)
        buildah("rmi", name)
