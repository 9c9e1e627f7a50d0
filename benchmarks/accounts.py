"""What accounts cost: a read with a token against the same without accounts, and what logins do to other requests.

One worker everywhere. Logins are those of one account, with the password hashes of production; whoever is told to come
back later does so.
"""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from benchmarks.load import Load, compare, load
from benchmarks.measure import Figure, alternate
from benchmarks.projects import SERVE, Project, projects
from benchmarks.requests_per_second import row
from benchmarks.table import Reach, Row
from tests.support.accounts import ACCOUNTS, PASSWORD, log_in, register
from tests.support.extension import LIMITS
from tests.support.server import Server

POSTS = "/api/v1/posts"
LIVENESS = "/livez"
LOGINS = 8
# The same published posts for each project.
SEED = """
import os, psycopg
with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
    connection.execute('''
        INSERT INTO posts (id, slug, title, body, owner, published_at, created_at, updated_at, version)
        SELECT
            ('00000000-0000-7000-8000-' || lpad(number::text, 12, '0'))::uuid, 'on-winter-' || number,
            'Notes on winter', repeat('Ask ten people and you will hear eleven answers. ', 10), 'somebody',
            moment, moment, moment, 1
        FROM (
            SELECT number, '2026-01-01T00:00:00Z'::timestamptz + number * interval '10 seconds' AS moment
            FROM generate_series(1, 1000) AS number
        )
        ON CONFLICT DO NOTHING
    ''')
    connection.execute("VACUUM (ANALYZE) posts")
"""
# Some of them again, unpublished and somebody's own.
DRAFTS = """
import os, sys, psycopg
with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
    connection.execute('''
        INSERT INTO posts (id, slug, title, body, owner, created_at, updated_at, version)
        SELECT md5(%(owner)s || slug)::uuid, slug || '-' || %(owner)s, title, body, %(owner)s, created_at, updated_at, 1
        FROM posts WHERE published_at IS NOT NULL ORDER BY id LIMIT 100
    ''', {"owner": sys.argv[1]})
"""
READS = {"read one post": f"{POSTS}/00000000-0000-7000-8000-000000000500", "list 20 posts": POSTS}

# Logs in again and again, as many at once as the first argument says, until it is told to end.
LOG_IN = """
import http.client, sys, threading, time
count, port, path, body = sys.argv[1:]
def log_in():
    connection = http.client.HTTPConnection("127.0.0.1", int(port))
    while True:
        connection.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})
        response = connection.getresponse()
        response.read()
        assert response.status in (200, 503), response.status
        print(response.status, flush=True)
        if response.status == 503:
            time.sleep(int(response.headers["Retry-After"]))
for _ in range(int(count)):
    threading.Thread(target=log_in).start()
"""


def rows(rounds: int) -> Iterator[Row]:
    """Give the ratios of requests per second with a token, and of the slowest percent beside logins."""
    for project, plain in zip(projects(auth="accounts"), projects(auth="none"), strict=True):
        for each in (project, plain):
            each.python("-c", SEED)
        for what, path in READS.items():
            yield with_a_token(project, plain, rounds, what, path)
        yield with_drafts(project, plain, rounds)
        yield beside_logins(project, rounds, "without logins", nullcontext, Reach("≤", 5.0))
        yield beside_logins(project, rounds, "beside a process that needs a core for itself", busy_core, None)


def serving(project: Project) -> Server:
    """Make a server without a log, where anybody may register, and log in as often as the benchmark does."""
    # Production allows fewer attempts.
    often = dict.fromkeys(LIMITS, "1000 per second")
    return project.server(SERVE, folder=None, ENVIRONMENT="test", LOG_LEVEL="WARNING", REGISTRATION="true", **often)


def with_a_token(project: Project, plain: Project, rounds: int, what: str, path: str) -> Row:
    """Measure a read with a token, which costs a statement, against the same in a project without accounts, without logs."""
    with serving(project) as subject, serving(plain) as baseline:
        token = log_in(subject, register(subject))["access_token"]
        pairs = compare(rounds, path, subject, baseline, {"Authorization": f"Bearer {token}"})
    return row(f"{what} with a token of {project.name}", f"the same of {plain.name}", pairs, None)


def with_drafts(project: Project, plain: Project, rounds: int) -> Row:
    """Measure a list of one's own drafts against the same in a project without accounts, where anybody reads them."""
    with serving(project) as subject, serving(plain) as baseline:
        authorization = {"Authorization": f"Bearer {log_in(subject, register(subject))['access_token']}"}
        owner = subject.get(f"{ACCOUNTS}/me", headers=authorization)[1]["id"]
        for each in (project, plain):
            each.python("-c", DRAFTS, owner)
        path = f"{POSTS}?owner={owner}&published=false"
        pairs = compare(rounds, path, subject, baseline, authorization)
    return row(f"list 20 drafts with a token of {project.name}", f"the same of {plain.name}", pairs, None)


def beside_logins(
    project: Project, rounds: int, name: str, others: Callable[[], AbstractContextManager[None]], reach: Reach | None
) -> Row:
    """Measure the slowest percent of requests, one after the other, with logins and with something else beside them."""
    with serving(project) as server:
        email = register(server)

        def beside(others: AbstractContextManager[None]) -> Load:
            with others:
                return load(server, LIVENESS, connections=1)

        answers: Counter[str] = Counter()
        pairs = alternate(rounds, lambda: beside(logins(server, email, answers)), lambda: beside(others()))
    during, otherwise = (Load.median(side) for side in zip(*pairs, strict=True))
    busy = answers["503"] / answers.total()
    return Row(
        f"`{LIVENESS}` of {project.name} during {LOGINS} parallel logins, {busy:.0%} of them refused, "
        f"p99: {during.p99:.2f} ms",
        f"{name}: {otherwise.p99:.2f} ms",
        Figure.of_ratios((one.p99, other.p99) for one, other in pairs),
        reach,
    )


@contextmanager
def busy_core() -> Iterator[None]:
    """Let a process that has nothing to do with the server do nothing all the time."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield
        finally:
            process.kill()


@contextmanager
def logins(server: Server, email: str, answers: Counter[str]) -> Iterator[None]:
    """Log in all the time, and count the answers: success, or 503 for now. One has to come before anything else."""
    form = f"username={email.replace('@', '%40')}&password={PASSWORD.replace(' ', '+')}"
    command = [sys.executable, "-c", LOG_IN, str(LOGINS), str(server.port), f"{ACCOUNTS}/token", form]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            first = process.stdout.readline()
            yield
        finally:
            process.kill()
            answered, said = process.communicate()
            answers.update(answered.split())
            time.sleep(1)  # the server does not notice that nobody waits for what it has begun
    if not first or said:
        raise RuntimeError(f"logins failed:\n{said}")
