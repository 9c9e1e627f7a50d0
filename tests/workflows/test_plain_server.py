"""A server as `docs/deployment.md` of a project describes it: its units, its nginx, its releases, its backups."""

import json
import os
import re
import shlex
import socket
import sqlite3
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from uv import find_uv_bin

from tests.support import databases
from tests.support.documentation import Block, blocks
from tests.support.environments import uv
from tests.support.every_combination import write
from tests.support.linux_machine import HOST, Machine, Site, drop_ins
from tests.support.rendering import FRAMEWORKS
from tests.support.template import compiled

pytestmark = pytest.mark.slow

ABOUT, POSTS = "/api/v1/about", "/api/v1/posts"
JSON = ["--header", "Content-Type: application/json", "--data-binary", "@-"]
# A WebSocket, added to a service of FastAPI.
ECHO = '''

@router.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    """Send a message."""
    await websocket.accept()
    await websocket.send_text(f"{websocket.url.scheme} {websocket.client.host}")
'''


def project_of(framework: str, folder: Path, **answers: str) -> Path:
    return write(compiled().render({"framework": framework, **answers}), folder)


@pytest.fixture(params=FRAMEWORKS, scope="module")
def machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine on which version 1.0.0 runs."""
    folder = tmp_path_factory.mktemp("plain") / "my-service"
    project = project_of(request.param, folder, jobs="database", pages="html")
    if request.param == "fastapi":
        router = project / "my_service/about/router.py"
        text = router.read_text(encoding="utf-8").replace("import APIRouter", "import APIRouter, WebSocket")
        router.write_text(text + ECHO, encoding="utf-8")
    with Machine(tmp_path_factory.mktemp("machine"), project) as machine:
        machine.publish("1.0.0")
        machine.set_up()
        machine.release("1.0.0")
        yield machine


@pytest.fixture(scope="module")
def site(machine: Machine) -> Site:
    return machine.nginx()


def post(slug: str) -> bytes:
    return json.dumps({"slug": slug, "title": "A title", "body": "A text.", "owner": "alice"}).encode()


def line_of(machine: Machine, request_id: str) -> Any:
    """Wait for the log line of a request."""
    deadline = time.monotonic() + 20
    while True:
        for line in machine.said().splitlines():
            if f'"message":"request","request_id":"{request_id}"' in line:
                return json.loads(line)
        assert time.monotonic() < deadline, machine.said()
        time.sleep(0.05)


def client_of(machine: Machine, site: Site, *options: str) -> str:
    """Send a request, and return the address that is logged for it."""
    number = uuid4().hex
    status, headers, _ = site.curl(ABOUT, "--header", f"X-Request-ID: {number}", *options)
    assert status == 200
    assert headers["x-request-id"] == number
    return str(line_of(machine, number)["client"])


@pytest.mark.nginx
def test_address_and_scheme_of_the_client_arrive(machine: Machine, site: Site) -> None:
    assert client_of(machine, site, "--interface", "127.0.0.2") == "127.0.0.2"
    assert "strict-transport-security" in site.curl(ABOUT)[1]


@pytest.mark.nginx
@pytest.mark.parametrize("header", ["X-Forwarded-For", "X_Forwarded_For", "X-Forwarded_For", "Forwarded"])
def test_client_cannot_choose_its_address(header: str, machine: Machine, site: Site) -> None:
    forged = "for=8.8.8.8" if header == "Forwarded" else "8.8.8.8"
    options = ["--header", f"{header}: {forged}", "--header", "X-Forwarded-Proto: http"]

    # The address of a proxy, from which a list of several addresses would be trusted.
    assert client_of(machine, site, *options) == "127.0.0.1"
    assert client_of(machine, site, "--interface", "127.0.0.2", *options) == "127.0.0.2"
    assert "strict-transport-security" in site.curl(ABOUT, *options)[1]


@pytest.mark.nginx
def test_host_is_preserved(site: Site) -> None:
    status, _, body = site.curl(ABOUT, "--header", "Host: other.example.com")

    assert site.curl(ABOUT)[0] == 200
    assert (status, json.loads(body)["status"]) == (400, 400)


@pytest.mark.nginx
def test_http_2_is_spoken_and_clear_text_is_redirected(site: Site) -> None:
    clear = subprocess.run(
        [
            "curl",
            "--silent",
            "--write-out",
            "%{http_code} %{redirect_url}",
            f"http://127.0.0.1:{site.clear_port}/a?b=c",
        ],
        capture_output=True,
        text=True,
        check=True,
    )

    assert site.curl(ABOUT, "--http2", "--write-out", "\n%{http_version}")[2].splitlines()[-1] == "2"
    assert site.curl(ABOUT, "--http1.1", "--write-out", "\n%{http_version}")[2].splitlines()[-1] == "1.1"
    assert clear.stdout.endswith(f"301 https://{HOST}/a?b=c")


@pytest.mark.nginx
def test_limit_of_bodies_is_that_of_the_service(machine: Machine, site: Site) -> None:
    (limit,) = re.findall(r"# MAX_BODY_SIZE=(\d+)", (machine.project / ".env.example").read_text(encoding="utf-8"))
    largest, too_large = b" " * int(limit), b" " * (int(limit) + 1)
    wide = machine.nginx({"client_max_body_size 1m;": "client_max_body_size 2m;"})

    assert site.curl(POSTS, *JSON, body=largest)[0] == 400
    for options in ([], ["--header", "Transfer-Encoding: chunked", "--http1.1"]):
        status, headers, _ = site.curl(POSTS, *JSON, *options, body=too_large)
        assert (status, headers["content-type"]) == (413, "text/html")
        status, headers, _ = wide.curl(POSTS, *JSON, *options, body=too_large)
        assert (status, headers["content-type"]) == (413, "application/problem+json")


@pytest.mark.nginx
def test_slow_clients_stay_with_nginx(machine: Machine, site: Site) -> None:
    with ExitStack() as stack:
        for _ in range(40):
            connection = stack.enter_context(connected(site))
            connection.sendall(f"POST {POSTS} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 10\r\n\r\nhalf".encode())
        for _ in range(20):
            assert site.curl(ABOUT)[0] == 200

        assert connections_to(set(machine.ports.values())) < 40


def connected(site: Site) -> ssl.SSLSocket:
    """Return a connection by TLS, with a small buffer for what is received."""
    context = ssl.create_default_context(cafile=str(site.certificate))
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.settimeout(20)
    plain.connect(("127.0.0.1", site.port))
    return context.wrap_socket(plain, server_hostname=HOST)


def connections_to(ports: set[int]) -> int:
    """Return the number of established connections to some ports."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(int(line[1].partition(":")[2], base=16) in ports and line[3] == "01" for line in lines)


@pytest.mark.nginx
def test_streams_are_not_buffered(machine: Machine, site: Site) -> None:
    assert site.curl(POSTS, *JSON, body=post("first"))[0] == 201
    with closing(sqlite3.connect(database_of(machine))) as database, database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(posts)")]
        other = {"id": "lower(hex(randomblob(16)))", "slug": "hex(randomblob(9))", "body": "hex(zeroblob(50000))"}
        copied = ", ".join(other.get(column, column) for column in columns)
        for _ in range(100):
            database.execute(f"INSERT INTO posts SELECT {copied} FROM posts WHERE slug = 'first'")

    with connected(site) as connection:
        connection.sendall(f"GET {POSTS}/export HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        received = b""
        while len(received) < 200_000:
            received += (part := connection.recv(1000))
            assert part, machine.said()
        # A proxy that buffers has read the rest, or does it now.
        time.sleep(0.5)

    assert received.startswith(b"HTTP/1.1 200 ")
    assert "an upstream response is buffered" not in site.nginx.said()


def database_of(machine: Machine) -> Path:
    return machine.root / "lib/my-service/service.db"


@pytest.mark.nginx
def test_upgrades_are_those_of_web_sockets(machine: Machine, site: Site) -> None:
    sent = f"GET {ABOUT}/echo HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n"
    handshake = f"{sent}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}==\r\n\r\n"
    other = ["--http1.1", "--header", "Connection: Upgrade", "--header", "Upgrade: h2c"]
    has_sockets = (machine.project / "asgi.py").exists()

    # The service rejects an upgrade with a body.
    assert site.curl(POSTS, *other, *JSON, body=post("upgraded"))[0] == 201
    with connected(site) as connection:
        connection.sendall(handshake.encode())
        received = b""
        while has_sockets and not received.endswith(b"127.0.0.1"):
            received += (part := connection.recv(1000))
            assert part, received
        received = received or connection.recv(100)

    assert received.startswith(b"HTTP/1.1 101 " if has_sockets else b"HTTP/1.1 404 ")
    assert has_sockets is received.endswith(b"wss 127.0.0.1")


@pytest.mark.nginx
@pytest.mark.parametrize("kind", ["kept", "stripped"])
def test_service_below_a_path(kind: str, machine: Machine) -> None:
    locations = [block.text for block in machine.page if block.text.startswith("    location /shop/")]
    location = locations[kind == "stripped"]
    root = re.search(
        r"^    location / \{.*?^    \}\n", machine.block("nginx", "upstream").text, re.MULTILINE | re.DOTALL
    )
    assert root
    site = machine.nginx({root[0]: location})

    status, headers, _ = site.curl(f"/shop{POSTS}", *JSON, body=post(f"below-{kind}"))
    location_of_the_post = headers["location"].removeprefix(f"https://{HOST}:{site.port}")
    document = json.loads(site.curl("/shop/openapi.json")[2])

    assert status == 201
    assert location_of_the_post.startswith(f"/shop{POSTS}/")
    assert site.curl(location_of_the_post)[0] == 200
    assert document["servers"] == [{"url": "/shop"}]
    assert site.curl(f"{document['servers'][0]['url']}{ABOUT}")[0] == 200
    assert site.curl(ABOUT)[0] == 404
    for asset in re.findall(r'(?:href|src)="(/[^"]+)"', site.curl("/shop/docs")[2]):
        assert site.curl(asset)[0] == 200


@pytest.mark.nginx
def test_static_files_are_cached_and_compressed(machine: Machine, site: Site) -> None:
    (style,) = re.findall(r'href="/shop(/static/style\.css\?v=\w+)"', site.curl("/")[2])
    part = ["--range", "0-4"]
    asked = {path: [uuid4().hex for _ in range(3)] for path in (style, "/static/style.css")}

    for path, numbers in asked.items():
        for number, options in zip(numbers, ([], ["--compressed"], part), strict=True):
            status, headers, body = site.curl(path, "--header", f"X-Request-ID: {number}", *options)
            # nginx has parts of the files in its cache only.
            assert (status, body[:5]) == (206 if options == part and path == style else 200, ":root")
            assert headers.get("content-encoding") == ("gzip" if options == ["--compressed"] else None)
            assert headers["cache-control"].endswith("immutable" if path == style else "no-cache")
            assert "content-security-policy" in headers
    line_of(machine, asked["/static/style.css"][2])

    assert [number in machine.said() for number in asked[style]] == [True, False, False]
    assert site.curl(style, "--header", f"If-None-Match: {site.curl(style)[1]['etag']}")[0] == 304


class Clients:
    """Clients that keep their connections and send requests until they are stopped: the statuses of the responses."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.context = ssl.create_default_context(cafile=str(site.certificate))
        self.is_over = threading.Event()
        self.statuses: list[int | str] = []
        self.versions: set[str] = set()
        self.threads = [threading.Thread(target=self.ask, args=[number]) for number in range(2)]

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def ask(self, client: int) -> None:
        connection = HTTPSConnection("127.0.0.1", self.site.port, context=self.context, timeout=20)
        while not self.is_over.is_set():
            try:
                # nginx repeats a GET that an instance has not answered, and no POST.
                body = post(f"client-{client}-{len(self.statuses)}") if len(self.statuses) % 2 else None
                method, path = ("POST", POSTS) if body else ("GET", ABOUT)
                connection.request(method, path, body, {"Host": HOST, "Content-Type": "application/json"})
                response = connection.getresponse()
                content = response.read()
            except (OSError, HTTPException) as error:
                self.statuses.append(repr(error))
                continue
            self.statuses.append(response.status)
            if response.status == 200:
                self.versions.add(json.loads(content)["version"])
            time.sleep(0.02)
        connection.close()


@pytest.mark.nginx
def test_release_fails_no_request(machine: Machine, site: Site) -> None:
    machine.publish("1.1.0")
    with Clients(site) as clients:
        machine.release("1.1.0")
        released = json.loads(site.curl(ABOUT)[2])["version"]

    assert set(clients.statuses) == {200, 201}
    assert len(clients.statuses) > 50
    assert clients.versions == {"1.0.0", "1.1.0"}
    assert released == "1.1.0"
    assert re.findall(r"exit status (-?\d+)", machine.history) == ["0", "0", "0"]


@pytest.mark.nginx
def test_instance_keeps_its_version_when_the_link_changes(machine: Machine) -> None:
    service = machine.service("8001")
    imported = "-c 'import my_service; print(my_service.__file__)'"
    command = service["ExecStart"].replace("-m my_service serve", imported)

    done = subprocess.run(shlex.split(command), cwd=service["WorkingDirectory"], capture_output=True, text=True)

    assert re.match(rf"{machine.root}/opt/my-service/1\.\d\.0/lib/", done.stdout), done
    for instance in machine.instances.values():
        assert Path(f"/proc/{instance.process.pid}/cwd").readlink().name in ("1.0.0", "1.1.0")


@pytest.mark.nginx
def test_backup_of_sqlite_is_restored(machine: Machine, site: Site) -> None:
    assert site.curl(POSTS, *JSON, body=post("in-the-backup"))[0] == 201
    backup, restore = (machine.block("sh", beginning) for beginning in ("backup=", "systemctl stop"))

    # Instances that run have not written their log of writes to the file.
    checked = machine.run(backup)
    assert site.curl(POSTS, *JSON, body=post("after-the-backup"))[0] == 201
    (copy,) = (machine.root / "backups/my-service").iterdir()
    # Another connection keeps the write-ahead log in its place, as a crash does.
    with closing(sqlite3.connect(database_of(machine))) as other:
        other.execute("SELECT count(*) FROM posts").fetchone()
        machine.run(restore, backup=str(copy))
    machine.wait_until_ready()

    assert checked == "ok\n"
    assert stored(site, "in-the-backup") == 1
    assert stored(site, "after-the-backup") == 0
    assert site.curl(POSTS, *JSON, body=post("after-the-backup"))[0] == 201


def stored(site: Site, slug: str) -> int:
    """Return the number of lines of the export that have a slug."""
    return site.curl(f"{POSTS}/export")[2].count(f'"slug":"{slug}"')


@pytest.mark.nginx
def test_environment_file_is_for_root(machine: Machine) -> None:
    assert machine.environment_file.stat().st_mode & 0o777 == 0o600


def test_backup_of_postgresql_is_restored(tmp_path: Path) -> None:
    project = project_of("flask", tmp_path / "my-service", database="postgresql")
    server = databases.server()
    server.psql("CREATE DATABASE my_service;")
    url = server.get_uri("my_service")
    databases.Upgrade(project)(url)
    settings = {"PGHOST": parse_qs(urlsplit(url).query)["host"][0], "PGUSER": server.postgres_user}
    (tmp_path / "machine").mkdir()
    with Machine(tmp_path / "machine", project) as machine:
        (machine.root / "backups/my-service").mkdir()
        machine.script("systemctl", "exit 0")
        machine.script("runuser", 'export AS="$1"; shift 2; exec "$@"')
        machine.script("psql", f'exec "{server.bin_path}/psql" "$@"')
        for program in ("pg_dump", "pg_restore"):
            # Root is no role of the database, and the user that is one cannot open files in the folder of backups.
            check = f'case "$AS $*" in "--user=postgres "*{machine.root}*) exit 1;; "--user=postgres "*) ;; *) exit 1;; esac'
            machine.script(program, f'{check}; exec "{server.bin_path}/{program}" "$@"')

        def sql(statement: str) -> str:
            return machine.run(Block(0, "sh", {}, f'psql -qtA my_service -c "{statement}"', None, False), **settings)

        insert = "INSERT INTO posts VALUES (gen_random_uuid(), '%s', 't', 'b', 'o', NULL, now(), now(), 1)"
        backup, restore = (machine.block("sh", beginning) for beginning in ("backup=", "systemctl stop"))
        sql(insert % "in-the-backup")
        machine.run(backup, **settings)
        sql(insert % "after-the-backup")
        (copy,) = (machine.root / "backups/my-service").iterdir()
        machine.run(restore, backup=str(copy), **settings)

        assert sql("SELECT slug FROM posts") == "in-the-backup\n"
        # The database is that of the migrations again.
        databases.Upgrade(project)(url)


@pytest.mark.nginx
def test_worker_of_the_machine_runs_jobs(machine: Machine) -> None:
    machine.instances["worker"].wait_until(lambda: '"job":"jobs.cleanup.delete_finished_jobs"' in machine.said())

    as_service = machine.block("sh", "version=1.1.0").text.partition("as_service=")[2].partition('"\n')[0]
    check = f'as_service={as_service}"\n$as_service /opt/my-service/current/bin/python -m my_service worker --check'
    assert machine.run(Block(0, "sh", {}, check, None, False)) == "A worker is alive.\n"


def units(folder: Path, framework: str, **answers: str) -> list[Path]:
    """Write the unit of the page into a folder, and return its instances: one with a port, the others with changes."""
    page = list(blocks((project_of(framework, folder / "my-service", **answers) / "docs/deployment.md").read_text()))
    (text,) = [block.text for block in page if "[Install]" in block.text]
    (folder / "my-service@.service").write_text(text)
    changes = drop_ins(page)
    for command, text in changes.items():
        (folder / f"my-service@{command}.service.d").mkdir()
        (folder / f"my-service@{command}.service.d/command.conf").write_text(text)
    return [folder / f"my-service@{name}.service" for name in ("8001", *changes)]


@pytest.mark.systemd
@pytest.mark.parametrize(
    ("framework", "jobs"), [("fastapi", "none"), ("flask", "database"), ("fastapi", "celery")], ids=lambda each: each
)
def test_unit_is_valid_and_hardened(framework: str, jobs: str, tmp_path: Path) -> None:
    found = units(tmp_path, framework, jobs=jobs)

    assert [path.stem.partition("@")[2] for path in found] == ["8001", "worker", "celery-worker"][: len(found)]
    assert len(found) == {"none": 1, "database": 2, "celery": 3}[jobs]
    for path in found:
        verified = analyze("verify", "--man=no", str(path), folder=tmp_path)
        assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")
    exposure = analyze("security", "--offline=true", "--threshold=20", "my-service@.service", folder=tmp_path)
    assert exposure.returncode == 0, exposure.stdout + exposure.stderr


def analyze(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *arguments],
        cwd=folder,
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{folder}:"},
        capture_output=True,
        text=True,
    )


def test_versions_are_built_as_the_page_installs_them(tmp_path: Path) -> None:
    project = project_of("flask", tmp_path / "my-service", database="none")
    machine = Machine(project, project)
    uv("lock", "--quiet", "--project", str(project))
    machine.script("uv", f'exec "{find_uv_bin()}" "$@"')
    machine.run(machine.block("sh", "uv build"))

    installed = re.findall(r"dist/(\S+)", machine.block("sh", "version=1.1.0").text)
    built = {path.name: path for path in (project / "dist").iterdir() if not path.name.startswith(".")}
    assert set(built) == {name.replace("$version", "0.1.0") for name in installed}
    assert re.findall(r"^(flask|pytest|my-service)==", built["requirements.txt"].read_text(), re.MULTILINE) == ["flask"]
