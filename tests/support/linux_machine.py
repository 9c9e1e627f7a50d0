"""A machine that is set up as `docs/deployment.md` of a project says, in a folder: nginx and the commands are real.

systemd is not: `systemctl` and `systemd-run` are scripts that start what the unit says, without its protections.
"""

import configparser
import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from threading import Thread
from typing import Self

from uv import find_uv_bin

from tests.support.documentation import Block, blocks
from tests.support.environments import BINARIES, environment, uv
from tests.support.interpreters import PYTHONS
from tests.support.programs import PLACES
from tests.support.server import Server, free_port

HOST = "service.example.com"
NGINX = """\
daemon off;
worker_processes 2;
pid {folder}/nginx.pid;
error_log stderr warn;
{user}
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{site}
}}
"""
USERADD = "exit 0"
# Reads the file of the environment as systemd does, and runs the command that follows the options.
SYSTEMD_RUN = """\
while [ "${1#--}" != "$1" ]; do
    case "$1" in --property=EnvironmentFile=*) set -a; . "${1##*=}"; set +a;; esac
    shift
done
cd / && exec "$@"
"""
# Asks the thread that starts and stops the instances, and waits for its answer.
SYSTEMCTL = 'echo "$*" > "{folder}/asked" && read -r answer < "{folder}/answered"'
# An environment that finds the dependencies elsewhere, and a pip that installs only what needs no others.
PYTHON = """\
[ "$2" = venv ] || exit 1
"{python}" -m venv --without-pip "$3"
echo "{dependencies}" > "$(echo "$3"/lib/python*/site-packages)/dependencies.pth"
cat > "$(echo "$3"/lib/python*/site-packages)/pip.py" <<'END'
import subprocess, sys
if "--no-deps" in sys.argv:
    subprocess.run(["{uv}", "pip", *sys.argv[1:], "--quiet", "--python", sys.executable], check=True)
END
"""


def drop_ins(page: Iterable[Block]) -> dict[str, str]:
    """Return the changes that a page makes to its unit for instances, which have the names of commands."""
    found = (re.search(r"-m my_service (\S+)\n\Z", block.text) for block in page if block.language == "ini")
    return {command[1]: command.string for command in found if command}


class Program(Server):
    """A program that is waited for by those that need it, and that listens on a port of the caller's."""

    def _wait_until_it_serves(self) -> None:
        pass


class Nginx(Program):
    """nginx, which is there when it accepts connections."""

    def __init__(self, folder: Path, site: str, port: int) -> None:
        folder.mkdir()
        user = "user root;" if os.getuid() == 0 else ""
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, site=site, user=user))
        nginx = shutil.which("nginx", path=PLACES)
        super().__init__(f"{nginx} -p {folder} -c {folder}/nginx.conf", folder=folder, binaries=folder)
        self.port = port

    def _wait_until_it_serves(self) -> None:
        self.wait_until(lambda: self.process.poll() is not None or self.accepts())
        assert self.process.poll() is None, self.said()

    def accepts(self) -> bool:
        with socket.socket() as connection:
            return connection.connect_ex(("127.0.0.1", self.port)) == 0


class Machine:
    """A folder in place of the root, ports in place of those of the page, and the instances that were started."""

    def __init__(self, root: Path, project: Path) -> None:
        self.root, self.project = root, project
        self.page = list(blocks((project / "docs/deployment.md").read_text(encoding="utf-8")))
        self.ports = {"8001": free_port(), "8002": free_port()}
        self.instances: dict[str, Program] = {}
        # What instances that have ended have said.
        self.history = ""
        self.resources = ExitStack()
        self.binaries = environment(project, PYTHONS[0])

    def __enter__(self) -> Self:
        for folder in ("etc", "opt", "lib", "backups", "cache", "ssl"):
            (self.root / folder).mkdir()
        for name in ("asked", "answered"):
            os.mkfifo(self.root / name)
        (dependencies,) = self.binaries.parent.glob("lib/python*/site-packages")
        python = PYTHON.format(python=self.binaries / "python", dependencies=dependencies, uv=find_uv_bin())
        self.script("useradd", USERADD)
        self.script("systemd-run", SYSTEMD_RUN)
        self.script("systemctl", SYSTEMCTL.format(folder=self.root))
        self.script("python3", python)
        self.manager = Thread(target=self.manage)
        self.manager.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.resources.close()
        (self.root / "asked").write_text("exit\n")
        self.manager.join()
        for instance in self.instances.values():
            instance.__exit__(None, None, None)

    def script(self, name: str, text: str) -> None:
        path = self.root / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def block(self, language: str, beginning: str) -> Block:
        """Return the block of the page that has a line with this beginning."""
        (found,) = [
            block
            for block in self.page
            if block.language == language and re.search(rf"^ *{re.escape(beginning)}", block.text, re.MULTILINE)
        ]
        return found

    def here(self, text: str) -> str:
        """Replace the folders and ports of the page by those of this machine."""
        for folder in ("/etc", "/opt", "/var/lib", "/var/backups", "/var/cache"):
            text = text.replace(f"{folder}/my-service", str(self.root / Path(folder).name / "my-service"))
        for shown, port in self.ports.items():
            text = text.replace(shown, str(port))
        # Another user needs the rights of root.
        return text.replace("--owner=my-service --group=my-service ", "")

    def run(self, *blocks: Block, **settings: str) -> str:
        """Run blocks of the page as one script, and return what they print."""
        text = "\n".join(self.here(block.text) for block in blocks)
        assignments = "".join(f"{name}={value}\n" for name, value in settings.items() if name.islower())
        path = os.pathsep.join([str(self.root / "bin"), os.environ["PATH"]])
        # Pages do not set it for those who run scripts; a command that fails is a failure here.
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", assignments + text],
            cwd=self.root,
            env=os.environ | {"PATH": path} | {name: value for name, value in settings.items() if name.isupper()},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def publish(self, version: str) -> None:
        """Build a version of the project."""
        folder = shutil.copytree(self.project, self.root / "versions" / version)
        metadata = folder / "my_service" / "metadata.py"
        metadata.write_text(metadata.read_text(encoding="utf-8").replace("0.1.0", version), encoding="utf-8")
        uv("build", "--quiet", "--wheel", "--out-dir", str(self.root / "dist"), str(folder))

    def set_up(self) -> None:
        """Prepare the machine, and set the service to be below a path: requests without it work as well."""
        self.run(self.block("sh", "useradd"))
        # systemd makes it, as StateDirectory says.
        (self.root / "lib/my-service").mkdir()
        with self.environment_file.open("a") as file:
            file.write("DOCS=true\nROOT_PATH=/shop\n")

    @property
    def environment_file(self) -> Path:
        return self.root / "etc/my-service/environment"

    def release(self, version: str) -> None:
        """Install a version, migrate, and restart one instance after the other, those without a port at last."""
        install = self.block("sh", "version=1.1.0")
        install = install._replace(text=install.text.replace("version=1.1.0", f"version={version}"))
        migrations = [block for block in self.page if block.text.startswith("$as_service")]
        workers = [block for block in self.page if block.text.startswith("systemctl restart")]
        self.run(install, *migrations, self.switch, *workers)

    @property
    def switch(self) -> Block:
        return self.block("sh", "ln --symbolic")

    def manage(self) -> None:
        """Do as systemctl asks."""
        while (line := (self.root / "asked").read_text().strip()) != "exit":
            verb, *units = line.split()
            for unit in units:
                name = unit.partition("@")[2]
                if verb in ("stop", "restart"):
                    self.stop(name)
                if verb in ("start", "restart"):
                    self.start(name)
            (self.root / "answered").write_text("done\n")

    def stop(self, name: str) -> None:
        if instance := self.instances.pop(name, None):
            code = instance.end(signal.SIGTERM)
            self.history += f"{instance.said()}\nexit status {code}\n"
            instance.resources.close()

    def start(self, name: str) -> None:
        """Start what the unit says, where it says."""
        service = self.service(name)
        lines = self.environment_file.read_text().splitlines()
        settings = dict(line.split("=", 1) for line in [service["Environment"], *lines] if line)
        folder = Path(service["WorkingDirectory"])
        instance = Program(service["ExecStart"], folder=folder, binaries=folder / BINARIES, **settings)
        self.instances[name] = instance.__enter__()

    def service(self, name: str) -> configparser.SectionProxy:
        """Return what the unit says of an instance, which is a port, or a command that has a file beside the unit."""
        unit = configparser.ConfigParser(interpolation=None, strict=False)
        unit.optionxform = str  # type: ignore[assignment,method-assign]  # names of systemd have capitals
        unit.read_string(self.here(self.block("ini", "[Install]").text.replace("%i", name)))
        for command, text in drop_ins(self.page).items():
            if command == name:
                unit.read_string(text)
        return unit["Service"]

    def wait_until_ready(self) -> None:
        """Wait for the instances to respond, as the loop of a release does."""
        for port in self.ports.values():
            curl = f"curl --fail --silent --show-error --retry 30 --retry-delay 1 --retry-connrefused http://127.0.0.1:{port}/readyz"
            subprocess.run([*curl.split(), "--header", f"Host: {HOST}"], check=True, capture_output=True)

    def said(self) -> str:
        """Return what all instances have said."""
        return self.history + "".join(instance.said() for instance in list(self.instances.values()))

    def certificate(self) -> Path:
        """Return a certificate for the host of the page, signed by itself; its key is beside it."""
        path = self.root / "ssl/fullchain.pem"
        if not path.exists():
            names = f"subjectAltName=DNS:{HOST},IP:127.0.0.1"
            command = (
                f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={HOST}"
            )
            subprocess.run(
                [*command.split(), "-addext", names, "-keyout", str(path.with_name("privkey.pem")), "-out", str(path)],
                check=True,
                capture_output=True,
            )
        return path

    def nginx(self, changes: Mapping[str, str] = {}) -> "Site":
        """Start nginx with the configuration of the page; changes replace a location or a number in it."""
        site = self.block("nginx", "upstream").text
        for old, new in changes.items():
            assert old in site
            site = site.replace(old, new)
        certificates = str(self.certificate().parent)
        site = self.here(site).replace(f"/etc/ssl/{HOST}", certificates)
        ports = {"80": free_port(), "443": free_port()}
        for shown, port in ports.items():
            for address in ("", "[::]:"):
                # There may be no IPv6 here: the second one listens on another port.
                bound = port if not address else free_port()
                site = site.replace(f"listen {address}{shown}", f"listen 127.0.0.1:{bound}")
        number = len(list(self.root.glob("nginx*")))
        nginx = self.resources.enter_context(Nginx(self.root / f"nginx{number}", site, ports["443"]))
        return Site(nginx, ports["80"], self.certificate())


class Site:
    """A running nginx, and curl to ask it."""

    def __init__(self, nginx: Nginx, clear_port: int, certificate: Path) -> None:
        self.nginx, self.port, self.clear_port = nginx, nginx.port, clear_port
        self.certificate = certificate

    def curl(self, path: str, *options: str, body: bytes = b"") -> tuple[int, dict[str, str], str]:
        """Send a request by TLS: the status, the headers and the body of its response."""
        trusting = ["--cacert", str(self.certificate), "--resolve", f"{HOST}:{self.port}:127.0.0.1"]
        url = f"https://{HOST}:{self.port}{path}"
        done = subprocess.run(
            ["curl", "--silent", "--show-error", "--include", *trusting, *options, url],
            input=body,
            capture_output=True,
            timeout=30,
        )
        assert done.returncode == 0, done.stderr.decode() + self.nginx.said()
        head, _, content = done.stdout.decode().replace("\r\n", "\n").partition("\n\n")
        if " 100" in head.partition("\n")[0]:
            head, _, content = content.partition("\n\n")
        status, *lines = head.split("\n")
        headers = dict(line.split(": ", 1) for line in lines if ": " in line)
        return int(status.split()[1]), {name.lower(): value for name, value in headers.items()}, content
