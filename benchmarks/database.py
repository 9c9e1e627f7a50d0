"""What reads of PostgreSQL cost, against handlers written by hand; and whether a million rows change anything.

One worker everywhere, with 10 connections. Both servers of a pair run at the same time, with the same database, and
answer the same JSON; they write their logs to a file.
"""

import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection

from benchmarks.load import compare
from benchmarks.measure import Figure, alternate
from benchmarks.memory import forget_peak, peak, resident
from benchmarks.projects import ASYNCPG, FASTAPI, PACKAGE, SERVE, UVICORN, Project, projects, serve_module
from benchmarks.requests_per_second import BARE, lines_of, row
from benchmarks.table import Reach, Row
from tests.support.databases import empty_database
from tests.support.rendering import FRAMEWORKS
from tests.support.server import Server

POSTS = "/api/v1/posts"
FAR = 1_000_000
ROWS = FAR + 100
# As many as the median of a latency needs, and seldom enough that exports do not take all day.
REQUESTS, EXPORTS = 200, 3

# Rows as a service has them: stored in the order in which they were created, one every ten seconds until now. Their
# texts are as long as those that `db seed` writes.
SEED = f"""
import os, psycopg
with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
    connection.execute('''
        INSERT INTO posts
            (id, slug, title, body, owner, published_at, created_at, updated_at, version)
        SELECT
            uuidv7(moment - now()), 'on-winter-' || number, 'Notes on winter ' || number % 1000,
            repeat('Ask ten people and you will hear eleven answers. ', (5 + number % 21)::int),
            'owner-' || number % 10, moment + interval '1 hour', moment, moment + interval '1 hour', 1
        FROM (
            SELECT number, now() - ({ROWS} - number) * interval '10 seconds' AS moment
            FROM generate_series(1, {ROWS}) AS number
        )
    ''')
    connection.execute("VACUUM (ANALYZE, FREEZE) posts")
"""
# The cursor of the page after so many rows, made as the service makes it, and the id of a row in the middle.
LOOK = f"""
from sqlalchemy.orm import Session
from {PACKAGE}.config import Settings
from {PACKAGE}.database.engine import migration_engine
from {PACKAGE}.posts import queries
from {PACKAGE}.posts.schemas import PostQuery
query = PostQuery(limit=1)
with Session(migration_engine(Settings())) as session:
    page, parameters = queries.PAGES.select(query)
    rows = session.scalars(page.offset({FAR - 1}), parameters).all()
    print(queries.PAGES.next(rows, query))
    print(session.scalars(page.offset({FAR // 2}), parameters).first().id)
"""
# What a server of the project is compared with: how it is called, its command, and what it needs besides. The usual
# server writes no access log, as where others were measured.
RAW = "handlers written by hand with asyncpg, FastAPI"
RAW_REQUIREMENTS = (ASYNCPG, FASTAPI, UVICORN)
DEPLOYED = [(f"{RAW} on uvicorn", "uvicorn --no-access-log --port {port} raw_asgi:app", 0.288)]
HANDWRITTEN = {"fastapi": "handwritten_asgi", "flask": "handwritten_wsgi"}


def rows(rounds: int) -> Iterator[Row]:
    """Give the ratios of requests per second and of latencies for each framework, and what an export holds."""
    url = empty_database("postgresql")
    for project in projects():
        large = project.using(url)
        if project.framework == FRAMEWORKS[0]:
            fill(large)
        cursor, post_id = large.python("-c", LOOK).output.split()
        for what, path in (("read one post", f"{POSTS}/{post_id}"), ("list 20 posts", POSTS)):
            yield against_handwritten(large, rounds, what, path)
            yield handwritten_against_raw(large, rounds, what, path)
            for name, command, reach in DEPLOYED:
                yield against_raw(large, rounds, what, path, name, command, reach)
        yield far_page(large, rounds, cursor)
        yield export(large, min(rounds, EXPORTS))


def fill(project: Project) -> None:
    """Let a project migrate its empty database, and store the rows."""
    project.python("-m", PACKAGE, "db", "upgrade")
    project.python("-c", SEED)


def against_handwritten(project: Project, rounds: int, what: str, path: str) -> Row:
    """Measure a read against the same on the bare framework, server and kind of session, without logs."""
    command = serve_module(project.framework, HANDWRITTEN[project.framework])
    with (
        project.server(SERVE, LOG_LEVEL="WARNING") as subject,
        project.server(command, PYTHONPATH=str(BARE)) as baseline,
    ):
        lines, bare_lines = lines_of(subject, path), lines_of(baseline, path)
        pairs = compare(rounds, path, subject, baseline)
    against = f"a handler written by hand with SQLAlchemy, bare {project.framework}, {bare_lines}"
    return row(f"{what} of {project.name}, {lines}", against, pairs, 0.85)


def handwritten_against_raw(project: Project, rounds: int, what: str, path: str) -> Row:
    """Measure what SQLAlchemy and the framework alone leave of handlers that know no ORM: more cannot be reached."""
    name, command, _ = DEPLOYED[0]
    handwritten = serve_module(project.framework, HANDWRITTEN[project.framework])
    with (
        project.server(handwritten, *RAW_REQUIREMENTS, PYTHONPATH=str(BARE)) as subject,
        project.server(command, *RAW_REQUIREMENTS, PYTHONPATH=str(BARE)) as baseline,
    ):
        pairs = compare(rounds, path, subject, baseline)
    return row(f"{what}, a handler written by hand with SQLAlchemy, bare {project.framework}", name, pairs, None)


def against_raw(
    project: Project, rounds: int, what: str, path: str, name: str, command: str, reach: float | None
) -> Row:
    """Measure a read as deployed against handlers that know no ORM."""
    with (
        project.server(SERVE) as subject,
        project.server(command, *RAW_REQUIREMENTS, PYTHONPATH=str(BARE)) as baseline,
    ):
        lines, bare_lines = lines_of(subject, path), lines_of(baseline, path)
        pairs = compare(rounds, path, subject, baseline)
    return row(f"{what} of {project.name} as deployed, {lines}", f"{name}, {bare_lines}", pairs, reach)


def far_page(project: Project, rounds: int, cursor: str) -> Row:
    """Measure how long a page takes that begins after a million rows, one request after the other."""
    with project.server(SERVE) as server:
        pairs = alternate(
            rounds,
            lambda: latency(server, f"{POSTS}?cursor={cursor}"),
            lambda: latency(server, POSTS),
        )
    far, first = (Figure.of(side).median for side in zip(*pairs, strict=True))
    return Row(
        f"page after {FAR:,} rows of {project.name}, one request at a time: {far:.2f} ms",
        f"the first page: {first:.2f} ms",
        Figure.of_ratios(pairs),
        Reach("≤", 1.2),
    )


def latency(server: Server, path: str) -> float:
    """Return the milliseconds that a request takes, the median of many on one connection."""
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        return Figure.of(timed(connection, path) for _ in range(REQUESTS)).median


def timed(connection: HTTPConnection, path: str) -> float:
    """Ask once; return the milliseconds until the answer was there, which has to be a page with a next one."""
    started = time.perf_counter()
    connection.request("GET", path)
    response = connection.getresponse()
    content = response.read()
    took = (time.perf_counter() - started) * 1000
    if response.status != 200 or content.count(b'"slug":') != 20 or content.endswith(b'"next":null}'):
        raise RuntimeError(f"{path} is answered with {response.status} {content[-300:]!r}")
    return took


def export(project: Project, rounds: int) -> Row:
    """Measure by how much a server grows that sends all rows; it was just started, and has answered before."""
    return Row(
        f"export of {ROWS:,} rows of {project.name}: growth at most",
        f"{rounds} exports",
        Figure.of(growth(project) for _ in range(rounds)),
        Reach("≤", 32.0),
        "MiB",
    )


def growth(project: Project) -> float:
    """Return the peak growth of one export in MiB; every row has to come."""
    with project.server(SERVE) as server, closing(HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        for _ in range(20):
            timed(connection, POSTS)
        before = resident(server)
        forget_peak(server)
        connection.request("GET", f"{POSTS}/export")
        response = connection.getresponse()
        lines = 0
        while chunk := response.read(65536):
            lines += chunk.count(b"\n")
        if lines != ROWS:
            raise RuntimeError(f"{lines} of {ROWS} rows were exported")
        return peak(server) - before
