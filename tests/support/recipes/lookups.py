# mypy: ignore-errors
"""Requests to the lookups of the recipe."""

from my_service.lookups.models import Lookup
from sqlalchemy import create_engine, select

from .support.sessions import get_engine


def stored(settings):
    engine = create_engine(settings.database_url.get_secret_value())
    with engine.begin() as connection:
        rows = connection.execute(select(Lookup.host, Lookup.address)).all()
        connection.execute(Lookup.__table__.delete())
    engine.dispose()
    return rows


def test_call_holds_no_connection(app, client, settings, monkeypatch):
    held = []

    def resolve(host):
        held.append(get_engine(app).pool.checkedout())
        return "192.0.2.1"

    monkeypatch.setattr("my_service.lookups.resolver.resolve", resolve)

    response = client.post("/api/v1/lookups/example.com")

    assert response.json() == {"host": "example.com", "address": "192.0.2.1"}
    assert held == [0]
    assert stored(settings) == [("example.com", "192.0.2.1")]


def test_host_is_resolved(client, settings):
    assert client.post("/api/v1/lookups/localhost").json()["address"].startswith("127.")
    assert client.post("/api/v1/lookups/host.invalid").status_code == 404
    assert client.post("/api/v1/lookups/A").status_code == 422
    assert [host for host, _ in stored(settings)] == ["localhost"]
