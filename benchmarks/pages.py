"""What the page of a list of posts costs, against a view written by hand with the same template and the same query.

One worker everywhere, PostgreSQL with 10 connections, no access logs. Both servers run at the same time, and send the same bytes.
"""

from collections.abc import Iterator
from urllib.request import urlopen

from benchmarks.load import load
from benchmarks.measure import alternate
from benchmarks.projects import PACKAGE, SERVE, projects, serve_module
from benchmarks.requests_per_second import BARE, row
from benchmarks.table import Row
from tests.support.server import Server

PATH = "/posts"
MODULES = {"fastapi": "pages_asgi", "flask": "pages_wsgi"}


def rows(rounds: int) -> Iterator[Row]:
    """Give the ratio of requests per second for each framework."""
    for project in projects(pages="html"):
        project.python("-m", PACKAGE, "db", "seed", "--rows", "100")
        command = serve_module(project.framework, MODULES[project.framework])
        with (
            project.server(SERVE, LOG_LEVEL="WARNING") as subject,
            project.server(command, PYTHONPATH=str(BARE)) as baseline,
        ):
            if content(subject) != content(baseline):
                raise RuntimeError(f"{PATH} differs:\n{content(subject)}\n{content(baseline)}")
            pairs = alternate(rounds, lambda: load(subject, PATH), lambda: load(baseline, PATH))
        yield row(f"page of posts of {project.name}", f"a view by hand, bare {project.framework}", pairs, 0.85)


def content(server: Server) -> str:
    with urlopen(f"http://127.0.0.1:{server.port}{PATH}", timeout=10) as response:
        text: str = response.read().decode()
        return text
