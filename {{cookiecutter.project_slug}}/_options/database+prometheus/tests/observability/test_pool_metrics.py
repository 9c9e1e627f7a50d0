"""The metrics of the pool of database connections."""

import re

import httpx2

from {{ cookiecutter.package_name }} import create_app

from ..support.framework import client_for
from ..support.sessions import held_connection
from ..support.settings import IsolatedSettings


def used_and_max(client: httpx2.Client) -> list[float]:
    """Return how many connections are in use, and how many there can be."""
    text = client.get("/metrics").text
    return [float(value) for value in re.findall(r"^db_client_connections_\w+ (.*)", text, re.M)]


def test_connections_are_counted_while_they_are_used() -> None:
    app = create_app(IsolatedSettings(database_pool_size=3))

    with client_for(app) as client:
        before = used_and_max(client)
        with held_connection(app, client):
            during = used_and_max(client)
        after = used_and_max(client)

    assert (before, during, after) == ([0, 3], [1, 3], [0, 3])
